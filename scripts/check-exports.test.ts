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
