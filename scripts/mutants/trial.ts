import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import type { Mutant } from './mutations.ts';

/** The first test that failed, `timeout`, or null if all passed. */
export type Death = string | null;

/** Tries one mutant after another in a copy of the tree. */
export class Trial implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'mutants-'));
  readonly #timeoutMs: number;

  /** @param timeoutMs - for a mutant's unit tests, and again for its door tests */
  constructor(root: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
    for (const file of files.split('\0').filter((file) => file !== '')) {
      cpSync(join(root, file), join(this.#root, file));
    }
    symlinkSync(join(root, 'node_modules'), join(this.#root, 'node_modules'));
  }

  /** Runs the unit tests that import the mutant's file, then the door tests. */
  async try(mutant: Mutant, doorTests: readonly string[]): Promise<Death> {
    const path = join(this.#root, mutant.file);
    const original = readFileSync(path);
    writeFileSync(path, mutant.text);
    try {
      return (await this.run(this.#unitTests(mutant.file))) ?? (await this.run(doorTests));
    } finally {
      writeFileSync(path, original);
    }
  }

  /** Runs tests in one process, which is killed once one of them fails. */
  run(tests: readonly string[]): Promise<Death> {
    const { promise, resolve } = Promise.withResolvers<Death>();
    const options = ['--test', '--test-isolation=none', '--test-reporter=tap', ...tests];
    const child = spawn(process.execPath, tests.length > 0 ? options : ['--version'], {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const end = (death: Death): void => {
      resolve(death);
      child.kill('SIGKILL');
    };
    const timer = setTimeout(end, this.#timeoutMs, 'timeout');
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      const [, failed] = /^ *not ok \d+ - (.*)$/m.exec(output) ?? [];
      if (failed !== undefined) {
        end(failed);
      }
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? null : 'the process');
    });
    return promise;
  }

  #unitTests(file: string): string[] {
    const imported = `/${basename(file)}'`;
    return globSync('libs/{awala,gateway}/**/*.test.ts', { cwd: this.#root })
      .filter((test) => readFileSync(join(this.#root, test), 'utf8').includes(imported))
      .sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
