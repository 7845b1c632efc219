import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, it } from 'node:test';

/** Runs a service that stops itself once it is composed. */
function runWith(environment: Readonly<Record<string, string>>) {
  const resolve = (path: string) => JSON.stringify(import.meta.resolve(path));
  const script = `
    import { readConfiguration } from ${resolve('./configuration/configuration.ts')};
    import { text } from ${resolve('./configuration/variables.ts')};
    import { bindHostVariable, runService, serviceVariables } from ${resolve('./service.ts')};
    const variables = {
      ...serviceVariables,
      bindHost: bindHostVariable('127.0.0.1'),
      address: text('INTERNET_ADDRESS', { meaning: 'the address of this gateway' }),
    };
    runService({
      name: 'poweb',
      environment: process.env,
      servers: ['poweb', 'operations'],
      configure: (environment) => readConfiguration(environment, variables),
      async compose(config, { log }) {
        log.info({ config }, 'composed');
        setImmediate(() => process.kill(process.pid, 'SIGTERM'));
        return { async [Symbol.asyncDispose]() {} };
      },
    });
    setInterval(() => {}, 1_000_000).unref();`;
  const program = [process.execPath, '--input-type=module', '--eval', script];
  // The process id that LISTEN_PID must tell is the shell's, which becomes the service.
  return spawnSync('/bin/sh', ['-c', `LISTEN_PID=\${FOR:-$$} exec "$@"`, 'sh', ...program], {
    env: environment,
    encoding: 'utf8',
  });
}

describe('service', () => {
  it('runs with its configuration until it is told to stop', () => {
    const run = runWith({ INTERNET_ADDRESS: 'gateway.example', OPERATIONS_PORT: '9091' });
    assert.equal(run.stderr, '');
    assert.equal(run.status, 0);
    const entry = JSON.parse(run.stdout.split('\n')[0] ?? '');
    assert.equal(entry.service, 'poweb');
    assert.deepEqual(entry.config, {
      drainTimeoutMs: 25_000,
      log: { level: 'info', format: 'json' },
      operations: { host: '127.0.0.1', port: 9091 },
      release: { revision: null, imageDigest: null },
      bindHost: '127.0.0.1',
      address: 'gateway.example',
    });
  });

  it('explains what is wrong with sockets that it was passed, with all else', () => {
    const run = runWith({ LISTEN_FDS: '1', LISTEN_FDNAMES: 'cogrpc' });
    assert.equal(run.status, 1);
    assert.equal(
      run.stderr,
      `The configuration cannot be used:
  INTERNET_ADDRESS is required: the address of this gateway
  LISTEN_FDNAMES must only name servers of this process (poweb, operations), but has "cogrpc"
`,
    );
  });

  it('warns of sockets that were passed to another process, and goes without them', () => {
    const environment = { INTERNET_ADDRESS: 'gateway.example', LISTEN_FDS: '1', FOR: '1' };
    const run = runWith(environment);
    assert.equal(run.status, 0);
    assert.match(run.stdout, /LISTEN_FDS is for process 1, .* start node itself, not npm/);
  });

  it('explains every fault of its configuration and ends with 1', () => {
    const run = runWith({ LOG_LEVEL: 'loud', DRAIN_TIMEOUT: '25' });
    assert.equal(run.status, 1);
    assert.equal(run.stdout, '');
    assert.equal(
      run.stderr,
      `The configuration cannot be used:
  DRAIN_TIMEOUT must be from 10ms to 1h (such as 25s), but is "25": add a unit: 25s, 25m or 25h
  LOG_LEVEL must be one of debug, info, warn, error, but is "loud"
  INTERNET_ADDRESS is required: the address of this gateway
`,
    );
  });
});
