import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { ANY_PORT } from '#test/services/any-port.ts';
import { dataFolder } from './support/gateway-process.ts';

const CLONE = join(import.meta.dirname, '../..');

/** Without what `npm` and `npx` put before it, which is this clone's Node. */
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'));

/** npm's program on the path, which is a script for Node. */
function npmScript(): string | undefined {
  const npm = PATH.map((folder) => join(folder, 'npm')).find((path) => existsSync(path));
  return npm && realpathSync(npm);
}

/** `npm start` as a shell starts it: in a process group of its own. */
class NpmStart implements AsyncDisposable {
  readonly #npm: ChildProcess;
  readonly exited: Promise<number | string>;
  output = '';

  constructor(command: readonly [string, ...string[]], folder: string) {
    const [program, ...args] = command;
    this.#npm = spawn(program, [...args, 'start'], {
      cwd: CLONE,
      detached: true,
      env: {
        PATH: PATH.join(delimiter),
        HOME: folder,
        DATA_DIR: folder,
        ...ANY_PORT,
        DOH_URL: 'https://127.0.0.1:9/',
        npm_config_update_notifier: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#npm.stdout, this.#npm.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.exited = once(this.#npm, 'exit').then(([code, signal]) => code ?? signal);
  }

  async welcomed(): Promise<void> {
    while (!this.output.includes('Stop with Ctrl-C')) {
      const { promise: printed, resolve } = Promise.withResolvers<'more'>();
      this.#npm.stdout?.once('data', () => resolve('more'));
      assert.equal(await Promise.race([printed, this.exited]), 'more', this.output);
    }
  }

  /** To npm alone, as from `kill` and supervisors. */
  signalNpm(signal: NodeJS.Signals): void {
    this.#npm.kill(signal);
  }

  /** To npm and what it started, as from a terminal; false if there is none of them. */
  signalAll(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-(this.#npm.pid ?? 0), signal);
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signalAll('SIGKILL');
    await this.exited;
  }
}

const npm = npmScript();
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'npm with its own Node': ['npm'],
  'npm with the pinned Node': [process.execPath, npm ?? ''],
};

describe('npm start', { skip: npm === undefined && 'there is no npm on the path' }, () => {
  for (const [name, command] of Object.entries(COMMANDS)) {
    it(`drains when ${name} gets SIGTERM, and leaves no process behind`, async () => {
      await using folder = await dataFolder();
      await using started = new NpmStart(command, folder.path);
      await started.welcomed();
      started.signalNpm('SIGTERM');
      assert.equal(await started.exited, 0);
      assert.match(started.output, /Told to stop: draining.*\n(.*\n)*.*Stopped/);
      assert.equal(started.signalAll(0), false);
    });

    it(`drains when ${name} and the gateway get Ctrl-C, though npm passes it on`, async () => {
      await using folder = await dataFolder();
      await using started = new NpmStart(command, folder.path);
      await started.welcomed();
      started.signalAll('SIGINT');
      assert.equal(await started.exited, 0);
      assert.match(started.output, /Told to stop: draining.*\n(.*\n)*.*Stopped/);
      assert.equal(started.signalAll(0), false);
    });
  }
});
