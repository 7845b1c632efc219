import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { describe, it } from 'node:test';

/** A process that runs `start` and `dispose`, and what it prints. */
class RunningService implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  output = '';

  constructor(code: {
    start?: string;
    dispose?: string;
    drainTimeoutMs?: number;
    elapsedMs?: string;
  }) {
    const script = `
      import { run } from ${JSON.stringify(import.meta.resolve('./lifecycle.ts'))};
      import { createLog } from ${JSON.stringify(import.meta.resolve('./logging.ts'))};
      const log = createLog({ level: 'info', format: 'json' });
      const keepAlive = setInterval(() => {}, 1_000_000);
      run({
        log,
        drainTimeoutMs: ${code.drainTimeoutMs ?? 60_000},
        elapsedMs: ${code.elapsedMs ?? '() => 0'},
        async start(stopping) {
          ${code.start ?? ''}
          log.info({}, 'started');
          return { async [Symbol.asyncDispose]() {
            log.info({}, 'closing');
            ${code.dispose ?? ''}
          } };
        },
      });`;
    this.#child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk;
    });
    this.#exited = once(this.#child, 'close');
  }

  /** Resolves once the process has logged `message`. */
  async logged(message: string): Promise<void> {
    while (!this.output.includes(`"message":"${message}`)) {
      const { promise: printed, resolve } = Promise.withResolvers<'more'>();
      this.#child.stdout?.once('data', () => resolve('more'));
      const next = await Promise.race([printed, this.#exited]);
      assert.equal(next, 'more', `ended before it logged ${message}: ${this.output}`);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What the process ended with: its code, or the signal that ended it. */
  async ended(): Promise<unknown> {
    const [code, signal] = await this.#exited;
    return code ?? signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

const NEVER = 'await new Promise(() => {});';

describe('life of a process', { concurrency: 2 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`drains at ${signal} and ends with 0`, async () => {
      await using service = new RunningService({});
      await service.logged('started');
      service.signal(signal);
      assert.equal(await service.ended(), 0);
      assert.match(service.output, /Told to stop[\s\S]*closing[\s\S]*Stopped/);
    });
  }

  it('ends at once at the same signal a second later', async () => {
    const elapsedMs = '() => (elapsed += 1_000)';
    const start = 'globalThis.elapsed = 0;';
    await using service = new RunningService({ start, elapsedMs, dispose: NEVER });
    await service.logged('started');
    service.signal('SIGTERM');
    await service.logged('closing');
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 143);
  });

  it('ends at once at a signal of the other kind', async () => {
    await using service = new RunningService({ dispose: NEVER });
    await service.logged('started');
    service.signal('SIGTERM');
    await service.logged('closing');
    service.signal('SIGINT');
    assert.equal(await service.ended(), 130);
  });

  it('takes the same signal by two ways at once, as through npm, for one', async () => {
    const dispose = `
      log.info({}, 'waiting');
      await new Promise((resolve) => process.once('SIGUSR2', resolve));`;
    await using service = new RunningService({ dispose });
    await service.logged('started');
    service.signal('SIGINT');
    await service.logged('waiting');
    service.signal('SIGINT');
    service.signal('SIGUSR2');
    assert.equal(await service.ended(), 0);
  });

  it('ends with 1 when draining takes too long', async () => {
    await using service = new RunningService({ dispose: NEVER, drainTimeoutMs: 50 });
    await service.logged('started');
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 1);
    assert.match(service.output, /Draining took too long/);
  });

  it('ends with 1 when draining fails', async () => {
    await using service = new RunningService({ dispose: 'throw new Error("stuck");' });
    await service.logged('started');
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 1);
    assert.match(service.output, /Failed while stopping/);
  });

  it('ends with 1 and says why in a sentence when it cannot start', async () => {
    await using service = new RunningService({ start: 'throw new Error("port 8080 is taken");' });
    assert.equal(await service.ended(), 1);
    assert.match(service.output, /Cannot start: port 8080 is taken/);
    assert.doesNotMatch(service.output, /"stack"|Where starting failed/);
  });

  it('gives up starting when it is told to stop', async () => {
    await using service = new RunningService({
      start: `log.info({}, 'starting');
        await new Promise((_, reject) => {
          stopping.addEventListener('abort', () => reject(stopping.reason));
        });`,
    });
    await service.logged('starting');
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 0);
    assert.doesNotMatch(service.output, /Cannot start/);
  });

  it('closes what finished starting after it was told to stop', async () => {
    await using service = new RunningService({
      start: `log.info({}, 'starting');
        await new Promise((resolve) => stopping.addEventListener('abort', resolve));`,
    });
    await service.logged('starting');
    service.signal('SIGTERM');
    assert.equal(await service.ended(), 0);
    assert.match(service.output, /started[\s\S]*closing/);
  });

  for (const [what, start] of Object.entries({
    'an exception': `setImmediate(() => { throw new TypeError('surprise'); });`,
    'a rejection': `void Promise.reject(new TypeError('surprise'));`,
  })) {
    it(`logs ${what} that nobody caught and ends with 1`, async () => {
      await using service = new RunningService({ start });
      assert.equal(await service.ended(), 1);
      assert.match(service.output, /"type":"TypeError","message":"surprise"/);
      assert.match(service.output, /Uncaught error/);
    });
  }
});
