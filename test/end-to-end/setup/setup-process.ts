import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { until } from '#test/runtime/until.ts';

const MAIN = fileURLToPath(new URL('../../../services/standalone/main.js', import.meta.url));
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN, 'setup'] as const;

/** Why no pseudo terminal can be had; false if it can. */
export const noTerminal =
  spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0
    ? false
    : 'there is no “script” of util-linux, which makes a pseudo terminal';

/** Why the gateway cannot be run as another user; false if it can. */
export function whyNotAs(user: { readonly uid: number; readonly gid: number }): string | false {
  if (process.getuid?.() !== 0) {
    return 'takes root';
  }
  const [node, ...options] = NODE.slice(0, -1);
  const { status } = spawnSync(node ?? '', [...options, '--version'], { ...user, stdio: 'ignore' });
  return status === 0 ? false : 'other users cannot read this clone';
}

/** `awala-gateway setup …`, and what it prints. */
export class SetupProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  /** On both outputs. */
  output = '';

  constructor(
    command: readonly [string, ...string[]],
    environment: Readonly<Record<string, string>>,
  ) {
    const [program, ...args] = command;
    this.#child = spawn(program, args, {
      env: { PATH: process.env.PATH ?? '', TERM: 'dumb', ...environment },
      stdio: 'pipe',
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text.replaceAll('\r\n', '\n');
      });
    }
    this.#exited = once(this.#child, 'close').then(([code]) => code ?? -1);
  }

  /** @returns its exit code */
  ended(): Promise<number> {
    return this.#exited;
  }

  /** Waits until it has printed something, from the last call on. */
  async prints(what: string | RegExp): Promise<void> {
    const hasEnded = () => this.#child.exitCode !== null;
    const isThere = () => this.output.search(what instanceof RegExp ? what : escaped(what)) >= 0;
    await until(() => isThere() || hasEnded(), 20);
    if (!isThere()) {
      throw new Error(`it never printed ${what}:\n${this.output}`);
    }
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      // With what it started itself.
      process.kill(-pid, 'SIGKILL');
    }
    await this.#exited;
  }
}

/** A machine to set a gateway up on: a folder for its configuration and data. */
export class EmptyMachine implements AsyncDisposable {
  readonly folder: string;
  readonly config: string;
  readonly data: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.config = join(folder, 'etc', 'gateway.env');
    this.data = join(folder, 'data');
  }

  static async make(): Promise<EmptyMachine> {
    return new EmptyMachine(await mkdtemp(join(tmpdir(), 'awala-setup-')));
  }

  /** Starts the set-up without a terminal. */
  setUp(args: readonly string[], environment: Readonly<Record<string, string>> = {}): SetupProcess {
    return new SetupProcess([...NODE, ...this.#here, ...args], environment);
  }

  /** Starts the set-up in a pseudo terminal. */
  setUpAsking(args: readonly string[]): SetupProcess {
    const words = [...NODE, ...this.#here, ...args].map((word) => `'${word}'`).join(' ');
    return new SetupProcess(['script', '-qec', `stty -echo; ${words}`, '/dev/null'], {});
  }

  /** @returns the configuration's lines, and its mode in octal */
  async configured(): Promise<{ readonly lines: readonly string[]; readonly mode: string }> {
    const text = await readFile(this.config, 'utf8');
    const { mode } = await stat(this.config);
    return { lines: text.trim().split('\n'), mode: (mode & 0o777).toString(8) };
  }

  /** Writes a file below its folder, and makes it a program if it is one. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    await chmod(path, text.startsWith('#!') ? 0o755 : 0o644);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  get #here(): readonly string[] {
    return ['--config', this.config, '--data-dir', this.data];
  }
}

function escaped(text: string): RegExp {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}
