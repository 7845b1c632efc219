import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  ConfigurationError,
  listVariables,
  listWithChoices,
  readConfiguration,
  variant,
} from './configuration.ts';
import type { Environment, Variable } from './variable.ts';
import { boolean, choice, duration, integer, port, secret, size, text, url } from './variables.ts';

const meaning = 'what it is for';

describe('readConfiguration', () => {
  it('turns variables into values, in the groups that they were given in', () => {
    const values = readConfiguration(
      { INTERNET_ADDRESS: ' gateway.example ', POWEB_PORT: '80', LOG: '', OTHER: 'ignored' },
      {
        address: text('INTERNET_ADDRESS', { meaning }),
        http: { port: port('POWEB_PORT', { meaning, default: 8080 }) },
        log: text('LOG', { meaning, default: 'info' }),
        absent: text('ABSENT', { meaning, default: null }),
      },
    );
    assert.deepEqual(values, {
      address: 'gateway.example',
      http: { port: 80 },
      log: 'info',
      absent: null,
    });
    const typed: { readonly http: { readonly port: number }; readonly absent: string | null } =
      values;
    assert.equal(typed.http.port, 80);
  });

  it('freezes the values at every depth', () => {
    const values = readConfiguration({}, { http: { port: port('PORT', { meaning, default: 1 }) } });
    assert.ok(Object.isFrozen(values));
    assert.ok(Object.isFrozen(values.http));
  });

  it('reports every fault at once, each with the name of its variable', () => {
    const faults = faultsOf(
      { POWEB_PORT: '65536', LOG_LEVEL: 'loud' },
      {
        address: text('INTERNET_ADDRESS', { meaning: 'the address of this gateway' }),
        http: { port: port('POWEB_PORT', { meaning }) },
        level: choice('LOG_LEVEL', ['info', 'warn'], { meaning }),
      },
    );
    assert.deepEqual(faults, [
      'INTERNET_ADDRESS is required: the address of this gateway',
      'POWEB_PORT must be a whole number from 0 to 65535, but is "65536"',
      'LOG_LEVEL must be one of info, warn, but is "loud"',
    ]);
  });

  it('refuses a variable that is nearly called like one that is not set', () => {
    const variables = {
      address: text('INTERNET_ADDRESS', { meaning, default: 'gateway.localhost' }),
      store: variant(choice('OBJECT_STORE', ['filesystem', 'gcs'], { meaning }), {
        filesystem: { folder: text('DATA_DIR', { meaning, default: './data' }) },
        gcs: { bucket: text('GCS_BUCKET', { meaning }) },
      }),
    };
    const chosen = { OBJECT_STORE: 'filesystem' };
    const slips = { INTERNET_ADRESS: 'gateway.example', gcs_bucket: 'ours', PATH: '/bin' };
    assert.deepEqual(faultsOf({ ...chosen, ...slips }, variables), [
      'INTERNET_ADRESS is unknown, but nearly INTERNET_ADDRESS: rename it or remove it, or, if it is not for us, set both',
      'gcs_bucket is unknown, but nearly GCS_BUCKET: rename it or remove it, or, if it is not for us, set both',
    ]);
    const both = { INTERNET_ADDRESS: 'gateway.example', INTERNET_ADRESS: 'other' };
    readConfiguration({ ...chosen, ...both, DATADIR: ' ' }, variables);
  });

  it('reads only the variables of the option that was chosen', () => {
    const variables = {
      store: variant(
        choice('OBJECT_STORE', ['filesystem', 'gcs'], { meaning, default: 'filesystem' }),
        {
          filesystem: { folder: text('DATA_DIR', { meaning, default: 'data' }) },
          gcs: { bucket: text('GCS_BUCKET', { meaning }) },
        },
      ),
    };
    assert.deepEqual(readConfiguration({}, variables).store, {
      kind: 'filesystem',
      folder: 'data',
    });
    const { store } = readConfiguration({ OBJECT_STORE: 'gcs', GCS_BUCKET: 'parcels' }, variables);
    assert.equal(store.kind === 'gcs' ? store.bucket : null, 'parcels');
    assert.deepEqual(faultsOf({ OBJECT_STORE: 'gcs' }, variables), [
      'GCS_BUCKET is required: what it is for',
    ]);
    assert.deepEqual(faultsOf({ OBJECT_STORE: 'tape' }, variables), [
      'OBJECT_STORE must be one of filesystem, gcs, but is "tape"',
    ]);
    assert.deepEqual(
      listVariables(variables).map(({ name, isRequired }) => [name, isRequired]),
      [
        ['OBJECT_STORE', false],
        ['DATA_DIR', false],
        ['GCS_BUCKET', true],
      ],
    );
  });

  it('lists a variable with every choice that it is read with', () => {
    const redis = { url: text('REDIS_URL', { meaning }) };
    const way = (name: string) =>
      variant(choice(name, ['none', 'redis'], { meaning }), { none: {}, redis });
    const variables = { a: way('SIGNALS'), b: way('WORK_QUEUE'), c: port('PORT', { meaning }) };
    assert.deepEqual(
      listWithChoices(variables).map(({ variable, choices }) => [variable.name, choices]),
      [
        ['SIGNALS', []],
        ['REDIS_URL', ['SIGNALS=redis', 'WORK_QUEUE=redis']],
        ['WORK_QUEUE', []],
        ['PORT', []],
      ],
    );
  });

  it('names a variable that is read twice once', () => {
    const folder = text('DATA_DIR', { meaning });
    const variables = { objects: { folder }, keys: { folder } };
    assert.equal(faultsOf({}, variables).length, 1);
    assert.equal(listVariables(variables).length, 1);
  });
});

describe('variables', () => {
  const numbers = integer('X', { meaning, min: -5, max: 100 });
  const times = duration('X', { meaning, min: 100, max: 3_600_000, default: 25_000 });
  const sizes = size('X', { meaning, min: 1_024, max: 1_073_741_824, default: 134_217_728 });
  const addresses = url('X', { meaning, protocols: ['redis:', 'rediss:'] });
  const switches = boolean('X', { meaning });
  const names = text('X', { meaning, pattern: /^[a-z]+$/, format: 'lower-case letters' });

  for (const [content, variable, expected] of [
    ['-5', numbers, -5],
    ['100', numbers, 100],
    ['100ms', times, 100],
    ['25s', times, 25_000],
    ['2 m', times, 120_000],
    ['1h', times, 3_600_000],
    [undefined, times, 25_000],
    ['4096', sizes, 4_096],
    ['64KiB', sizes, 65_536],
    ['1GiB', sizes, 1_073_741_824],
    ['true', switches, true],
    ['FALSE', switches, false],
    ['abc', names, 'abc'],
  ] as const) {
    it(`reads ${content} as ${expected}`, () => {
      assert.equal(read(content, variable), expected);
    });
  }

  for (const [content, variable, fault] of [
    ['101', numbers, 'X must be a whole number from -5 to 100, but is "101"'],
    ['1.5', numbers, 'X must be a whole number from -5 to 100, but is "1.5"'],
    ['0x10', numbers, 'X must be a whole number from -5 to 100, but is "0x10"'],
    [
      '25',
      times,
      'X must be from 100ms to 1h (such as 25s), but is "25": add a unit: 25s, 25m or 25h',
    ],
    ['2h', times, 'X must be from 100ms to 1h (such as 25s), but is "2h"'],
    [
      '1d',
      times,
      'X must be from 100ms to 1h (such as 25s), but is "1d": days are not a unit: 24h',
    ],
    ['1constructor', times, 'X must be from 100ms to 1h (such as 25s), but is "1constructor"'],
    ['64MB', sizes, 'X must be from 1KiB to 1GiB (such as 64MiB), but is "64MB"'],
    ['yes', switches, 'X must be true or false, but is "yes"'],
    ['Abc', names, 'X must be lower-case letters, but is "Abc"'],
    ['http://a', addresses, 'X must be a URL that starts with redis: or rediss:'],
    ['nonsense', addresses, 'X must be a URL that starts with redis: or rediss:'],
    ['z'.repeat(200), switches, `X must be true or false, but is "${'z'.repeat(80)}…"`],
  ] as const) {
    it(`refuses ${content.slice(0, 20)}: ${fault.slice(0, 60)}`, () => {
      assert.deepEqual(faultsOf({ X: content }, { x: variable }), [fault]);
    });
  }

  it('shows defaults as one would write them', () => {
    assert.equal(times.defaultText, '25s');
    assert.equal(sizes.defaultText, '128MiB');
    assert.equal(numbers.defaultText, null);
    assert.equal(duration('X', { meaning, min: 0, max: 60_000 }).accepts, 'from 0ms to 1m');
  });

  it('says what it may be to operators and to JSON Schema', () => {
    const integers = { type: 'integer', minimum: -5, maximum: 100 };
    assert.deepEqual(
      [numbers.accepts, numbers.schema],
      ['a whole number from -5 to 100', integers],
    );
    for (const [content, variable, isAccepted] of [
      ['25s', times, true],
      ['25', times, false],
      ['64KiB', sizes, true],
      ['64MB', sizes, false],
      ['abc', names, true],
      ['Abc', names, false],
      ['redis://host', addresses, true],
      ['http://host', addresses, false],
    ] as const) {
      assert.equal(new RegExp(variable.schema.pattern ?? '').test(content), isAccepted, content);
    }
    assert.deepEqual(choice('X', ['a', 'b'], { meaning }).schema.enum, ['a', 'b']);
    assert.equal(switches.schema.type, 'boolean');
  });

  it('reads a URL whole, and keeps its password out of messages', () => {
    const { x } = readConfiguration({ X: 'rediss://:pass@host:6380/1' }, { x: addresses });
    assert.equal(x.password, 'pass');
    assert.doesNotMatch(faultsOf({ X: 'http://:pass@host' }, { x: addresses }).join(), /pass/);
  });

  it('hides a secret wherever it is shown', () => {
    const { x } = readConfiguration({ X: 'pass' }, { x: secret('X', { meaning }) });
    assert.equal(x.reveal(), 'pass');
    for (const shown of [String(x), JSON.stringify({ x }), inspect({ x }), `${x}`]) {
      assert.doesNotMatch(shown, /pass/);
    }
  });
});

function read(content: string | undefined, variable: Variable<unknown>): unknown {
  return readConfiguration({ X: content }, { x: variable }).x;
}

function faultsOf(
  environment: Environment,
  variables: Parameters<typeof listVariables>[0],
): readonly string[] {
  try {
    readConfiguration(environment, variables);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    for (const fault of error.faults) {
      assert.ok(error.message.includes(fault));
    }
    return error.faults;
  }
  assert.fail('nothing was refused');
}
