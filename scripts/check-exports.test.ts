import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { complaintsOf } from '#test/runtime/checked-tree.ts';

const SCRIPT = join(import.meta.dirname, 'check-exports.ts');
const MANIFEST = JSON.stringify({ imports: { '#awala/*': './libs/awala/*' } });

const complaintsAbout = (files: Readonly<Record<string, string>>) =>
  complaintsOf(SCRIPT, { 'package.json': MANIFEST, ...files });

describe('check-exports', () => {
  it('accepts documented exports that others import', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': `/** What travels. */
export interface Parcel {
  readonly id: string;
}
interface Unexported {}
/**
 * Parses.
 */
export async function parse(octets: Uint8Array): Promise<Parcel>;
export async function parse(octets: Uint8Array, own?: Unexported): Promise<Parcel> {}`,
      'services/poweb/route.ts': `import { type Parcel as Message, parse } from '#awala/parcel.ts';`,
    });
    assert.deepEqual(lines, []);
  });

  it('refuses an export without a docstring of its own', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': `/** About the file. */

export const MAX_OCTETS = 1;
/* Not a docstring. */
export function parse() {}
/** How many. */
const COUNT = 1;
export abstract class Base {}`,
    });
    assert.deepEqual(lines, [
      'libs/awala/parcel.ts:3: MAX_OCTETS has no docstring',
      'libs/awala/parcel.ts:5: parse has no docstring',
      'libs/awala/parcel.ts:8: Base has no docstring',
    ]);
  });

  it('refuses that for every kind of declaration', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': `export let count = 0;
export const { a, b } = parts;
export const [first] = parts;
export declare const given: number;
export enum Kind {}
export async function* messages() {}
export class Parcel {}`,
    });
    assert.deepEqual(
      lines.map((line) => line.replace(/^libs.awala.parcel.ts:/, '')),
      ['count', '{ a, b }', '[first]', 'given', 'Kind', 'messages', 'Parcel'].map(
        (name, index) => `${index + 1}: ${name} has no docstring`,
      ),
    );
  });

  it('refuses a docstring that says nothing, and one for a namesake of another kind', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': `/** */
export const MAX_OCTETS = 1;
/** What travels. */
export class Parcel {}
export namespace Parcel {}`,
    });
    assert.deepEqual(lines, [
      'libs/awala/parcel.ts:2: MAX_OCTETS has no docstring',
      'libs/awala/parcel.ts:5: Parcel has no docstring',
    ]);
  });

  it('refuses exports apart from their declaration, but for those of other files', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': `const MAX_OCTETS = 1;
class Parcel {}
export { MAX_OCTETS, Parcel };
export type { Parcel as Message };
export type { Sign } from './sign.ts';
export { sign } from './sign.ts';
export * from './cargo.ts';
export default Parcel;`,
    });
    assert.deepEqual(lines, [
      'libs/awala/parcel.ts:3: export { MAX_OCTETS, Parcel }: export it where it is declared',
      'libs/awala/parcel.ts:4: export type { Parcel as Message }: export it where it is declared',
      'libs/awala/parcel.ts:8: export default: export it where it is declared',
    ]);
  });

  it('refuses an exported type that no other file imports', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.ts': '/** What travels. */\nexport interface Parcel {}',
      'libs/awala/cargo.ts': `import type { Cargo as Parcel } from './parcel.ts';`,
      'libs/awala/other.ts': `import type { Parcel } from '#awala/cargo.ts';`,
    });
    assert.deepEqual(lines, [
      'libs/awala/parcel.ts:2: Parcel is exported, but no other file imports it',
    ]);
  });

  it('asks nothing of tests, contract suites and scripts', () => {
    const lines = complaintsAbout({
      'libs/awala/parcel.test.ts': 'export const A = 1;',
      'libs/awala/contract.ts': 'export interface Opened {}',
      'scripts/draw.ts': 'export function draw() {}',
      'test/peers/phone.ts': 'export class Phone {}',
    });
    assert.deepEqual(lines, []);
  });
});
