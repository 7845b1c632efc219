import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, it } from 'node:test';
import { readConfiguration } from './configuration/configuration.ts';
import { Secret } from './configuration/secret.ts';
import { createLog, type LogOptions, logVariables, type ProcessLog } from './logging.ts';

/** Whatever a caller might try to log. */
type AnyFields = Readonly<Record<string, unknown>>;

const JSON_LOG: LogOptions = { level: 'debug', format: 'json', fields: { service: 'poweb' } };

/** A log and the lines that it wrote. */
function openLog(options: LogOptions): { log: ProcessLog; lines: string[] } {
  const lines: string[] = [];
  const log = createLog(options, { write: (line) => lines.push(line) });
  return { log, lines };
}

/** What `write` logs, parsed. */
function entriesOf(write: (log: ProcessLog) => void, options = JSON_LOG) {
  const { log, lines } = openLog(options);
  write(log);
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

describe('log', () => {
  it('writes a line of JSON with time, level, message, and the fields of all its parents', () => {
    const [entry] = entriesOf((log) => {
      log.with({ peer: '0abc' }).with({ request: 'r-1' }).info({ trace: 'p-1' }, 'Accepted');
    });
    const { time, ...rest } = entry ?? {};
    assert.deepEqual(rest, {
      level: 'info',
      service: 'poweb',
      peer: '0abc',
      request: 'r-1',
      trace: 'p-1',
      message: 'Accepted',
    });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('leaves out what is less important than its level', () => {
    const entries = entriesOf(
      (log) => {
        log.debug({}, 'a');
        log.info({}, 'b');
        log.with({}).debug({}, 'c');
        log.warn({}, 'd');
        log.error({}, 'e');
      },
      { ...JSON_LOG, level: 'warn' },
    );
    assert.deepEqual(
      entries.map((entry) => [entry.level, entry.message]),
      [
        ['warn', 'd'],
        ['error', 'e'],
      ],
    );
  });

  it('tells what happened in an error and its causes, and nothing else that hangs on it', () => {
    const cause = Object.assign(new Error('socket closed'), {
      code: 'ECONNRESET',
      body: 'private',
    });
    const error = Object.assign(new TypeError('cannot store', { cause }), {
      request: { body: 'x' },
    });
    const [entry, expected] = entriesOf((log) => {
      log.error({ error }, 'Failed');
      log.warn({ error: cause }, 'Expected');
    });
    const { stack: _, ...withoutStack } = Object(entry?.error).cause;
    assert.deepEqual(expected?.error, withoutStack);
    assert.deepEqual(entry?.error, {
      type: 'TypeError',
      message: 'cannot store',
      stack: error.stack,
      cause: {
        type: 'Error',
        message: 'socket closed',
        code: 'ECONNRESET',
        stack: cause.stack,
      },
    });
  });

  it('never writes secrets or octets', () => {
    const fields: AnyFields = {
      headers: { Authorization: 'Countersignature MII', 'set-cookie': ['a=b'], accept: '*/*' },
      password: 'pass',
      privateKey: 'MII',
      config: { redisUrl: new Secret('redis://:pass@host') },
      body: Buffer.from('pass'),
      digest: new Uint8Array(32),
    };
    const [first, second] = entriesOf((log) => {
      log.info(fields, 'a');
      log.with(fields).info({}, 'b');
    });
    for (const entry of [first, second]) {
      assert.deepEqual(entry?.headers, {
        Authorization: '[redacted]',
        'set-cookie': '[redacted]',
        accept: '*/*',
      });
      assert.equal(entry?.body, '[4 octets]');
      assert.equal(entry?.digest, '[32 octets]');
      assert.doesNotMatch(JSON.stringify(entry), /pass"|MII|:pass/);
    }
  });

  it('names nodes in attributes of their own only, and no parcels, unless all is wanted', () => {
    const [sender, recipient] = [`0${'a'.repeat(64)}`, `0${'b'.repeat(64)}`];
    const key = `parcels/gateway-bound/${recipient}/${recipient}/${sender}/${'c'.repeat(64)}`;
    const error = new Error(`No such object: ${key}`, { cause: new Error(`not ${sender}`) });
    const write = (log: ProcessLog) => {
      log.with({ peer: sender }).error({ error }, 'Failed');
      log.error({ peer: sender, error }, 'Failed');
      log.error({ error }, 'Failed');
    };
    const entries = entriesOf(write, { ...JSON_LOG, level: 'info' });
    for (const entry of entries.slice(0, 2)) {
      assert.equal(entry.peer, sender);
      assert.match(JSON.stringify(entry), /No such object: \[key\]/);
      assert.doesNotMatch(JSON.stringify(entry), /trace [0-9a-f]{12}/);
    }
    const entry = entries[2];
    for (const each of entries) {
      assert.doesNotMatch(JSON.stringify({ ...each, peer: '' }), /0a{64}|0b{64}/);
    }
    assert.match(JSON.stringify(entry), /No such object: \[trace [0-9a-f]{12}\]/);
    const [detailed] = entriesOf(write);
    assert.match(JSON.stringify(detailed?.error), new RegExp(key));
  });

  it('bounds what peers can make it write', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, 1]));
    const fields: AnyFields = {
      id: 'x'.repeat(1_000_000),
      circular,
      many,
      list: Array(10_000).fill('y'),
    };
    const [entry] = entriesOf((log) => log.info(fields, 'a'));
    assert.ok(JSON.stringify(entry).length < 5_000);
  });

  it('writes values of every kind', () => {
    const values: AnyFields = {
      date: new Date(0),
      never: new Date(Number.NaN),
      big: 2n ** 64n,
      none: null,
      url: new URL('rediss://user:pass@redis.example:6380/1'),
    };
    const [entry] = entriesOf((log) => log.info(values, 'a'));
    assert.equal(entry?.date, '1970-01-01T00:00:00.000Z');
    assert.equal(entry?.never, 'Invalid Date');
    assert.equal(entry?.big, '18446744073709551616');
    assert.equal(entry?.none, null);
    assert.equal(entry?.url, 'rediss://redis.example:6380/1');
  });

  it('writes for Google Cloud Logging: severities, and the stack where errors are looked for', () => {
    const error = new Error('cannot store');
    const entries = entriesOf(
      (log) => {
        log.warn({}, 'a');
        log.error({ error }, 'b');
      },
      { ...JSON_LOG, format: 'gcp' },
    );
    assert.deepEqual(
      entries.map((entry) => entry.severity),
      ['WARNING', 'ERROR'],
    );
    assert.equal(entries[1]?.stack_trace, error.stack);
  });

  it('writes for people, an entry a line', () => {
    const { log, lines } = openLog({ ...JSON_LOG, format: 'pretty' });
    log.info({ trace: 'p-1' }, 'Accepted');
    assert.match(lines.join(''), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Accepted \{"trace":"p-1"\}\n$/);
  });

  for (const format of ['json', 'pretty'] as const) {
    it(`has written everything (${format}) once it is flushed`, () => {
      const script = `
        import { createLog } from ${JSON.stringify(import.meta.resolve('./logging.ts'))};
        const log = createLog({ level: 'info', format: '${format}' });
        for (let i = 0; i < 5000; i++) log.info({ i, padding: 'x'.repeat(100) }, 'entry');
        await log.flush();
        process.exit(3);`;
      const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
        encoding: 'utf8',
        maxBuffer: 16 * 1_048_576,
      });
      assert.equal(run.status, 3);
      assert.equal(run.stdout.match(/entry/g)?.length, 5_000);
      assert.match(run.stdout, /4999/);
    });
  }

  it('takes its level and format from the environment', () => {
    assert.deepEqual(readConfiguration({}, logVariables), { level: 'info', format: 'json' });
    const environment = { LOG_LEVEL: 'debug', LOG_FORMAT: 'gcp' };
    assert.deepEqual(readConfiguration(environment, logVariables), {
      level: 'debug',
      format: 'gcp',
    });
  });
});
