import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listVariables } from '#runtime/configuration/configuration.ts';
import { isTest } from './arrows/modules.ts';
import { PROGRAMS } from './configuration/programs.ts';
import { constantIn } from './limits/constants.ts';
import { quantitiesIn, timesInWords } from './limits/quantities.ts';
import { type LimitRow, rowsIn } from './limits/rows.ts';

const ROOT = join(import.meta.dirname, '..');
const LIMIT = /^(?:export )?const ((?:LARGEST|LONGEST|MAX|MOST)_[A-Z0-9_]+)(?:: [^=\n]+)? = /gm;

const page = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8');
const rows = rowsIn(page);
const variables = new Map(
  Object.values(PROGRAMS)
    .flatMap(listVariables)
    .map((variable) => [variable.name, variable]),
);

/** Quantities that stand in no constant of ours: they are others', follow from several, or are part of a pattern. */
const NOT_CONSTANTS: Readonly<Record<string, readonly string[]>> = {
  'TLS handshakes': ['16 KiB'],
  'pipelined HTTP requests': ['64 KiB'],
  'pings of collectors': ['60', '125'],
  'metadata of gRPC calls': ['64 KiB'],
  'HTTP/2 frames that ask for an answer (PING, SETTINGS), streams opened and reset, CONTINUATION': [
    '33',
    '8',
  ],
  'answers of the DNS resolver': ['16 KiB'],
  'what a cargo holds once it is decrypted': ['18 MiB'],
  'until the headers are complete': ['each second'],
  'RSA keys': ['3', '5', '17', '257', '65 537'],
  'id of a request that a trusted proxy sends': ['128'],
  'values sealed under one key': ['2³²'],
  'metadata of a call': ['64 KiB', '2'],
  'calls per connection': ['8'],
  'cargo being packed or sent': ['21 KiB'],
  'passes over a mailbox': ['9', '16', '64', '128', '256', '512 KiB', '1', '2 MiB', '4 MiB'],
  "a collection's recorded progress": ['31'],
  'the identity key in Cloud KMS': ['2 048', '3 072'],
  'operations on Firestore at once': ['100'],
  redirects: ['307', '308'],
  ports: ['80', '443'],
  'pings that wait for their answer to be sent': ['60'],
};

const UNIT_MS: Readonly<Record<string, number>> = { SECONDS: 1_000, DAYS: 86_400_000 };

/** Constants called like limits that follow from others, or limit nothing that outsiders could notice. */
const WITHOUT_ROW: readonly string[] = [
  'libs/awala/cargo/message-set.ts MAX_MESSAGE_IN_SET_OCTETS',
  'libs/awala/cargo/pack-cargo.ts MAX_ENVELOPE_OVERHEAD_OCTETS',
  'libs/awala/free-octets.ts MAX_PADDING_OCTETS',
  'libs/awala/limits.ts MAX_LIFE_MS',
  'libs/awala/ramf/message.ts MAX_FIELDS_OCTETS',
  'libs/clock/clock.ts MAX_TIMER_MS',
  'services/cogrpc/limits.ts MAX_GRPC_MESSAGE_OCTETS',
];

/** `<file> <name>` of each constant of product code that is called like a limit. */
function limitsInCode(): readonly string[] {
  return globSync('{libs,services}/**/*.ts', { cwd: ROOT })
    .filter((path) => !isTest(path))
    .flatMap((path) =>
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(LIMIT)].map(
        ([, name]) => `${path} ${name}`,
      ),
    );
}

/** In milliseconds, where the name says another unit. */
function inMilliseconds(path: string, name: string): number {
  const value = constantIn(path, name);
  assert.ok(value !== undefined, `${name} has no value in ${path}`);
  const [unit = ''] = /(?<=_)(?:SECONDS|DAYS)$/.exec(name) ?? [];
  return value * (UNIT_MS[unit] ?? 1);
}

/** What the variables of a row are unless they are set, and their bounds. */
function valuesOfVariables({ words }: LimitRow): readonly number[] {
  return words.flatMap((word) => {
    const variable = variables.get(word);
    if (!variable) {
      return [];
    }
    const { schema, defaultText } = variable;
    const texts = `${defaultText ?? ''} ${variable.accepts}`
      .replaceAll(/(?<=\d)(?=[A-Za-z])/g, ' ')
      .replaceAll(/(?<=\d )m\b/g, 'min');
    const { minimum = Number.NaN, maximum = Number.NaN } = schema;
    return [minimum, maximum, ...quantitiesIn(texts).map(({ value }) => value)];
  });
}

describe('docs/limits.md', () => {
  it('is read whole, and nothing is left out of the comparison that is not there', () => {
    assert.ok(rows.length >= 280);
    const limits = new Set(rows.map(({ limit }) => limit));
    assert.deepEqual(
      Object.keys(NOT_CONSTANTS).filter((limit) => !limits.has(limit)),
      [],
    );
  });

  it('has a row for each constant that is called like a limit', () => {
    const named = new Set(
      rows.flatMap(({ constants }) => constants.map(({ path, name }) => `${path} ${name}`)),
    );
    const unnamed = limitsInCode().filter((limit) => !named.has(limit));
    assert.deepEqual(unnamed.toSorted(), WITHOUT_ROW);
  });

  for (const row of rows) {
    it(`${row.section}: ${row.limit}`, () => {
      const constants = row.constants
        .filter(({ name }) => !variables.has(name))
        .map(({ path, name }) => ({ name, value: inMilliseconds(path, name) }));
      const known = [...constants.map(({ value }) => value), ...valuesOfVariables(row)];
      const told = quantitiesIn(row.value);
      const inWords = timesInWords(row.value);
      const unknown = [...told, ...inWords].filter(({ value }) => !known.includes(value));
      assert.deepEqual(
        unknown.map(({ text }) => text),
        NOT_CONSTANTS[row.limit] ?? [],
        'in the row and not in the code',
      );
      const values = [...told, ...inWords].map(({ value }) => value);
      const untold = constants.filter(({ value }) => !values.includes(value));
      assert.deepEqual(untold, [], 'in the code and not in the row');
    });
  }
});
