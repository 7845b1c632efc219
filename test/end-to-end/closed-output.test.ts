import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/backing/free-ports.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { until } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { EmptyMachine } from './setup/setup-process.ts';
import { dataFolder } from './support/gateway-process.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));
const NODE = `'${process.execPath}' --disable-warning=ExperimentalWarning '${MAIN}'`;

/** What is typed into a shell after `awala-gateway`, with whoever reads its output. */
class Typed implements AsyncDisposable {
  readonly #shell: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(typed: string, environment: Readonly<Record<string, string>>) {
    const [command = '', ...readers] = typed.split('|');
    const started = `{ ${NODE} ${command} & echo $! >&3; wait $!; echo $? >&3; }`;
    this.#shell = spawn('sh', ['-c', [started, ...readers].join('|')], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#exited = once(this.#shell, 'exit');
  }

  async pid(): Promise<number> {
    const [line] = await once(this.#shell.stdio[3] as Readable, 'data');
    return Number(line);
  }

  /** @returns its exit code, and what reached the shell of both its outputs */
  async ended() {
    const [printed = '', complaints = '', codes = ''] = await Promise.all(
      this.#shell.stdio.slice(1).map((stream) => text(stream as Readable)),
    );
    return { printed, complaints, code: Number(codes.trim().split('\n').at(-1)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode, signalCode } = this.#shell;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      // With what it started itself.
      process.kill(-pid, 'SIGKILL');
    }
    await this.#exited;
  }
}

describe('a command whose output nobody reads to its end', { concurrency: 2 }, () => {
  let doh: DohServer;

  before(async () => {
    doh = await DohServer.start();
  });
  after(() => doh[Symbol.asyncDispose]());

  for (const { line, otherwise } of [
    { line: 'doctor | head -n 1', otherwise: 1 },
    { line: 'doctor --unbounded | true', otherwise: 1 },
    { line: 'status | true', otherwise: 1 },
    { line: 'help serve | true', otherwise: 0 },
    { line: 'stauts 2>&1 | true', otherwise: 64 },
    { line: 'ping http://127.0.0.1:1 | true', otherwise: 1 },
  ]) {
    it(`ends quietly (${line})`, async () => {
      await using folder = await dataFolder();
      const environment = { ...ANY_PORT, DATA_DIR: folder.path, DOH_URL: doh.url.href };
      await using typed = new Typed(line, environment);
      const { complaints, code } = await typed.ended();
      assert.equal(complaints, '');
      assert.ok([0, otherwise].includes(code), `the reader may leave late, but not for ${code}`);
    });
  }

  it('still does what it is to do (keygen | true)', async () => {
    await using folder = await dataFolder();
    const environment = { DATA_DIR: folder.path };
    await using first = new Typed('keygen | true', environment);
    assert.deepEqual(await first.ended(), { printed: '', complaints: '', code: 0 });
    await using again = new Typed('keygen', environment);
    const { printed } = await again.ended();
    assert.match(printed, /^node +0\w{64}$/m);
  });

  it('goes on with the set-up of a machine', async () => {
    await using machine = await EmptyMachine.make();
    const here = `--config '${machine.config}' --data-dir '${machine.data}'`;
    const answers = "--address 127.0.0.1 --email '' --wait 0s --yes";
    const line = `setup gateway.example ${here} ${answers} --resolver ${doh.url.href}`;
    await using typed = new Typed(`${line} | true`, {});
    const { complaints, code } = await typed.ended();
    assert.equal(complaints, '');
    assert.equal(code, 1, 'the records are missing');
    assert.match(await readFile(machine.config, 'utf8'), /^INTERNET_ADDRESS=gateway\.example$/m);
  });

  for (const format of ['pretty', 'json']) {
    it(`goes on serving, whoever reads its log (${format})`, async () => {
      await using folder = await dataFolder();
      const operations = await freePort();
      await using serving = new Typed('serve 2>&1 | true', {
        ...ANY_PORT,
        OPERATIONS_PORT: `${operations}`,
        DATA_DIR: folder.path,
        DOH_URL: 'https://127.0.0.1:9/',
        LOG_FORMAT: format,
        LOG_LEVEL: 'debug',
      });
      const pid = await serving.pid();
      const isReady = () =>
        fetch(`http://127.0.0.1:${operations}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(isReady, 50);
      process.kill(pid, 'SIGTERM');
      assert.equal((await serving.ended()).code, 0);
    });
  }
});
