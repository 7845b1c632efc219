import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FAULT_CODES, REFUSAL_CODES } from '#awala/errors.ts';
import { BACKING_CODES } from '#backing/errors.ts';
import { HTTP_ANSWERS, type HttpAnswers } from '#runtime/http/answers.ts';
import { CALL_ANSWERS } from '#services/cogrpc/answers.ts';
import { CLOSINGS, REQUEST_ANSWERS } from '#services/collection/answers.ts';
import { PARCEL_ANSWERS as POHTTP_ANSWERS } from '#services/pohttp/answers.ts';
import {
  DEAUTHORISATION_ANSWERS,
  PARCEL_ANSWERS,
  REGISTRATION_ANSWERS,
} from '#services/poweb/answers.ts';
import { tablesIn } from '../../../scripts/docs/markdown.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
const CODES: readonly string[] = [...REFUSAL_CODES, ...BACKING_CODES];
const FAULTS: readonly string[] = FAULT_CODES;

/** A row of the page: its cells by the column that they stand in. */
type Row = Readonly<Record<string, string>>;

/** The rows of all tables with a column `code`. */
function rows(): readonly Row[] {
  return tablesIn(PAGE)
    .filter(([header]) => header?.[0] === 'code')
    .flatMap(([header = [], , ...lines]) =>
      lines.map((cells) =>
        Object.fromEntries(header.map((name, at): [string, string] => [name, cells[at] ?? ''])),
      ),
    );
}

/** The codes that a row is about: one, but for those that stay inside. */
function codesOf({ code = '' }: Row): readonly string[] {
  return [...code.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

const documented = rows().filter((row) => 'the client' in row);

/** What a column says of each code for which it says anything. */
function column(name: string): Readonly<Record<string, string>> {
  const said = documented.flatMap((row): [string, string][] => {
    const cell = row[name] ?? '—';
    return cell === '—' ? [] : codesOf(row).map((code): [string, string] => [code, cell]);
  });
  return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(answers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The statuses of a table, of faults or of all else. */
function statuses(answers: HttpAnswers, ofFaults: boolean): Record<string, string> {
  const chosen = Object.entries(answers).filter(([code]) => FAULTS.includes(code) === ofFaults);
  return Object.fromEntries(chosen.map(([code, { status }]) => [code, String(status)]));
}

/** The tables that answer for what is refused in a folder. */
const ANSWERING: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'libs/runtime/http': HTTP_ANSWERS,
  'libs/gateway/parcel-collection': CLOSINGS,
  'libs/gateway/cargo-collection': CALL_ANSWERS,
  'services/poweb': { ...PARCEL_ANSWERS, ...REGISTRATION_ANSWERS },
  'services/collection': { ...CLOSINGS, ...REQUEST_ANSWERS },
  'services/cogrpc': CALL_ANSWERS,
};

/** The codes that the code of a folder refuses with by name. */
function refusedIn(folder: string): readonly string[] {
  const refusal = /(?:\bnew Refusal|\brefuse|\brefusedWith)\(\s*'([a-z-]+)'/g;
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT })
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => [...readFileSync(join(ROOT, path), 'utf8').matchAll(refusal)])
    .map(([, code = '']) => code);
}

/** All ways to end a collection for one reason, as the page has them. */
function closing(code: unknown): string {
  if (typeof code !== 'function') {
    return String(code);
  }
  const isBrowser = false;
  const android = code({ keepAlive: true, mergesDeliveries: false, isBrowser });
  const javaScript = code({ keepAlive: true, mergesDeliveries: true, isBrowser });
  return android === null ? `${javaScript} or cut` : `${android} (${javaScript})`;
}

describe('docs/errors.md', () => {
  it('has a row for each code, with what the client should do', () => {
    assert.deepEqual(documented.flatMap(codesOf).sort(), CODES.toSorted());
    for (const { code = '', means, 'the client': client, ...answers } of documented) {
      assert.ok(client && means, code);
      const isAnswered = Object.values(answers).some((answer) => answer !== '—');
      assert.ok(isAnswered, code);
    }
  });

  const faults = {
    'PoWeb: parcel': PARCEL_ANSWERS,
    'PoWeb: registration': REGISTRATION_ANSWERS,
    'PoWeb: withdrawal': DEAUTHORISATION_ANSWERS,
    PoHTTP: POHTTP_ANSWERS,
  };
  for (const [name, answers] of Object.entries(faults)) {
    it(`says what faults are answered: ${name}`, () => {
      assert.deepEqual(column(name), sorted(statuses(answers, true)));
    });
  }

  it('says what anything else is answered over HTTP', () => {
    const expected = {
      ...statuses(PARCEL_ANSWERS, false),
      ...statuses(REGISTRATION_ANSWERS, false),
      ...statuses(REQUEST_ANSWERS, false),
      ...statuses(HTTP_ANSWERS, false),
      'body-too-large': '413; 422 for a parcel by PoWeb',
      'peer-blocked': '403; 503 for a parcel',
    };
    assert.equal(PARCEL_ANSWERS['body-too-large'].status, 422);
    assert.equal(PARCEL_ANSWERS['peer-blocked'].status, 503);
    assert.deepEqual(column('HTTP'), sorted(expected));
  });

  it('is right that all HTTP servers answer the rest alike', () => {
    const { 'body-too-large': _, ...alike } = HTTP_ANSWERS;
    const others = [REGISTRATION_ANSWERS, DEAUTHORISATION_ANSWERS, POHTTP_ANSWERS, REQUEST_ANSWERS];
    for (const answers of [PARCEL_ANSWERS, ...others]) {
      assert.partialDeepStrictEqual(answers, alike);
    }
    assert.equal(POHTTP_ANSWERS['body-too-large'], HTTP_ANSWERS['body-too-large']);
  });

  for (const [folder, answers] of Object.entries(ANSWERING)) {
    it(`finds an answer to all that is refused in ${folder}`, () => {
      const codes = refusedIn(folder);
      assert.ok(codes.length > 0);
      assert.deepEqual(
        codes.filter((code) => !(code in answers)),
        [],
      );
    });
  }

  it('says with what collections are closed', () => {
    const closings = Object.entries(CLOSINGS).map(([name, { code }]) => [name, closing(code)]);
    assert.deepEqual(column('collection'), sorted(Object.fromEntries(closings)));
  });

  it('says with what calls of couriers end', () => {
    const endings = Object.entries(CALL_ANSWERS).map(([code, { status }]) => [code, status]);
    assert.deepEqual(column('CogRPC'), sorted(Object.fromEntries(endings)));
  });

  it('lists the codes that stay inside', () => {
    const inside = rows().filter((row) => !('the client' in row));
    const files = globSync('{libs,services}/**/*.ts', { cwd: ROOT });
    const code = /^ {2}(?:override )?readonly code = '(\w+)'|^ {2}\| '([A-Z_]+)';?$/gm;
    const declared = files
      .filter((path) => !path.endsWith('.test.ts'))
      .flatMap((path) => [...readFileSync(join(ROOT, path), 'utf8').matchAll(code)])
      .map(([, name = '', other = '']) => name || other)
      .filter((name) => /^[A-Z]/.test(name));
    assert.deepEqual(inside.flatMap(codesOf).sort(), [...new Set(declared)].sort());
  });
});
