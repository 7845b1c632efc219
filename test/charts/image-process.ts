import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { ImageFolder } from './image-folder.ts';

/** As in the image; only root can be somebody else. */
const USER = process.getuid?.() === 0 ? { uid: 65_532, gid: 65_532 } : {};

/** A process of the image, which runs as an ordinary user. */
export class ImageProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  #output = '';

  constructor(
    image: ImageFolder,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    // No types are left to strip: a file that has some would not load.
    const options = ['--disable-warning=ExperimentalWarning', '--no-strip-types'];
    this.#child = spawn(image.node, [...options, ...args], {
      cwd: image.path,
      env: { NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...USER,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** What it wrote so far. */
  get output(): string {
    return this.#output;
  }

  /** Asks it over HTTP, again and again until it listens. */
  async ask(port: number, path: string): Promise<Response> {
    for (;;) {
      if (this.#child.exitCode !== null) {
        throw new Error(`it ended with ${this.#child.exitCode}: ${this.#output}`);
      }
      try {
        return await fetch(`http://127.0.0.1:${port}${path}`);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** @returns the exit code; null if a signal ended it */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      if (signal) {
        this.#child.kill(signal);
      }
      await ended;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}
