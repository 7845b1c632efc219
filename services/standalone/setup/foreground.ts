import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import process from 'node:process';
import type { Environment } from '#runtime/configuration/variable.ts';
import { userOf } from '../as-owner/other-owner.ts';
import type { ServiceManager } from './service-manager.ts';

/**
 * The gateway as a child of this process, which it ends with. From root, it runs as whom its data
 * folder belongs to, so that all files there stay that user's.
 */
export class Foreground implements ServiceManager, AsyncDisposable {
  readonly #command: readonly string[];
  readonly #environment: Environment;
  #child: ChildProcess | null = null;

  /**
   * @param command - the program that serves, with its arguments
   * @param environment - what it gets besides its configuration
   */
  constructor(command: readonly string[], environment: Environment) {
    this.#command = command;
    this.#environment = environment;
  }

  async isRunning(): Promise<boolean> {
    return this.#child !== null && hasEnded(this.#child) === null;
  }

  async start(configured: Environment): Promise<void> {
    const [program = '', ...args] = this.#command;
    const user = await userFor(configured.DATA_DIR);
    const env = { ...this.#environment, ...configured, ...user?.environment };
    const { uid, gid } = user ?? {};
    const child = spawn(program, args, { env, uid, gid, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', () => {});
    this.#child = child;
  }

  async fault(): Promise<string | null> {
    const ended = this.#child ? hasEnded(this.#child) : 'it was not started';
    return ended === null ? null : `${ended}; what it printed says why`;
  }

  /** @returns its exit code; 1 if a signal ended it */
  async ended(): Promise<number> {
    const child = this.#child;
    if (!child) {
      return 1;
    }
    if (hasEnded(child) === null) {
      await once(child, 'exit');
    }
    return child.exitCode ?? 1;
  }

  /** Lets it drain; the signal that came from the terminal came to it already. */
  stop(signal: NodeJS.Signals): void {
    if (this.#child && hasEnded(this.#child) === null) {
      this.#child.kill(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop('SIGTERM');
    await this.ended();
  }
}

/** @returns null for the user of this process */
async function userFor(dataFolder: string | undefined) {
  const found =
    process.getuid?.() === 0 && dataFolder ? await stat(dataFolder).catch(() => null) : null;
  return found && found.uid !== 0 ? { ...userOf(found), environment: { HOME: dataFolder } } : null;
}

/** @returns null while it runs */
function hasEnded({ exitCode, signalCode, pid }: ChildProcess): string | null {
  if (pid === undefined) {
    return 'its program could not be run';
  }
  const by = signalCode ?? exitCode;
  return by === null ? null : `it ended (${by})`;
}
