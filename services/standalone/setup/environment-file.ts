import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { parseEnv } from 'node:util';
import type { Environment } from '#runtime/configuration/variable.ts';
import { SetupError } from './setup-error.ts';

/** Its group may read it, so that commands can be run by who belongs to that. */
const MODE = 0o640;
const HEADING = '# Written by awala-gateway setup:';

/**
 * The gateway's configuration, as Node reads it (`--env-file`): a variable a line. Lines of the
 * operator stay as they are.
 */
export class EnvironmentFile {
  readonly path: string;
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.path = path;
    this.#text = text;
  }

  /**
   * Reads the file; a missing one is empty.
   *
   * @throws {SetupError}
   */
  static async read(path: string): Promise<EnvironmentFile> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') {
        return '';
      }
      throw unusable(path, error);
    });
    return new EnvironmentFile(path, text);
  }

  /** The variables that it sets. */
  get values(): Environment {
    return parseEnv(this.#text);
  }

  /**
   * The same file with these variables set; those that are null are no longer set.
   *
   * @throws {SetupError} for a value that no line can hold
   */
  with(values: Readonly<Record<string, string | null>>): EnvironmentFile {
    const before = this.values;
    const changed = Object.entries(values).filter(
      ([name, value]) =>
        value !== (before[name] ?? null) || (value !== null && !hasPlainLine(this.#text, name)),
    );
    const lines = this.#text === '' ? [] : this.#text.replace(/\n$/, '').split('\n');
    for (const [name, value] of changed) {
      replace(lines, name, value);
    }
    return new EnvironmentFile(this.path, lines.map((line) => `${line}\n`).join(''));
  }

  /** Whether it says something else than `other`. */
  differsFrom(other: EnvironmentFile): boolean {
    return this.#text !== other.#text;
  }

  /**
   * Replaces the file as a whole; who owns it stays. A new one belongs to who owns its folder.
   *
   * @param readableBy - a path, whose group a new file gets from root if it is there
   * @throws {SetupError}
   */
  async write({ readableBy }: { readonly readableBy: string }): Promise<void> {
    const temporary = `${this.path}.new`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const { uid, gid } = await this.#owners(readableBy);
      await rm(temporary, { force: true });
      await writeFile(temporary, this.#text, { mode: MODE, flag: 'wx', flush: true });
      await chmod(temporary, MODE);
      await chown(temporary, uid, gid);
      await rename(temporary, this.path);
    } catch (error) {
      throw unusable(this.path, error as NodeJS.ErrnoException);
    }
  }

  async #owners(readableBy: string): Promise<{ readonly uid: number; readonly gid: number }> {
    const own = await stat(this.path).catch(() => null);
    if (own) {
      return own;
    }
    const folder = await stat(dirname(this.path));
    const mayChoose = process.geteuid?.() === 0;
    const reader = mayChoose ? await stat(readableBy).catch(() => folder) : folder;
    return { uid: folder.uid, gid: reader.gid };
  }
}

/** Where it stands first, or after the comment that shows it, or at the end. */
function replace(lines: string[], name: string, value: string | null): void {
  const isOf = (line: string) => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line);
  const isExample = (line: string) => new RegExp(`^\\s*[#;]\\s*${name}\\s*=`).test(line);
  const first = lines.findIndex(isOf);
  const rest = lines.filter((line) => !isOf(line));
  if (value !== null) {
    const written = `${name}=${quoted(value)}`;
    const example = rest.findLastIndex(isExample);
    if (first >= 0) {
      rest.splice(first, 0, written);
    } else if (example >= 0) {
      rest.splice(example + 1, 0, written);
    } else {
      rest.push(...(rest.includes(HEADING) ? [] : [HEADING]), written);
    }
  }
  lines.splice(0, lines.length, ...rest);
}

/** As the package's units look for it. */
function hasPlainLine(text: string, name: string): boolean {
  return new RegExp(`^${name}=`, 'm').test(text);
}

const QUOTES = ['"', "'", '`'];

/**
 * Quotes only values that would otherwise be read differently.
 *
 * @throws {SetupError}
 */
function quoted(value: string): string {
  const ways = [
    ...(/^[\w@%+=:,./-]*$/.test(value) ? [value] : []),
    ...QUOTES.map((quote) => `${quote}${value}${quote}`),
  ];
  const way = ways.find((each) => parseEnv(`A=${each}\n`).A === value);
  if (way === undefined || /[\r\n]/.test(value) || value !== value.trim()) {
    throw new SetupError(
      `${JSON.stringify(value)} cannot be written to the configuration`,
      'Give a value without line feeds, blanks around it, and three kinds of quotes.',
    );
  }
  return way;
}

function unusable(path: string, error: NodeJS.ErrnoException): SetupError {
  const isDenied = error.code === 'EACCES' || error.code === 'EPERM';
  return new SetupError(
    `${path} cannot be used: ${error.message}`,
    isDenied ? 'Run this as root: sudo awala-gateway setup …' : 'Name another file: --config FILE.',
    { cause: error },
  );
}
