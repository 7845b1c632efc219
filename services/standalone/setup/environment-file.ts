import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { openOrdinary } from '#backing/ordinary-files.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { SetupError } from './setup-error.ts';

/** Its group may read it, so that commands can be run by who belongs to that. */
const MODE = 0o640;
const HEADING = '# Written by awala-gateway setup:';

/** Whose a file is. */
interface Owners {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The gateway's configuration, as Node reads it (`--env-file`): a variable a line. Lines of the
 * operator stay as they are.
 */
export class EnvironmentFile {
  readonly path: string;
  readonly #text: string;
  /** Null for a new one. */
  readonly #owners: Owners | null;

  private constructor(path: string, text: string, owners: Owners | null) {
    this.path = path;
    this.#text = text;
    this.#owners = owners;
  }

  /**
   * Reads the file; a missing one is empty.
   *
   * @throws {SetupError}
   */
  static async read(path: string): Promise<EnvironmentFile> {
    try {
      await using file = await openOrdinary(path, constants.O_RDONLY);
      return new EnvironmentFile(path, await file.readFile('utf8'), await file.stat());
    } catch (cause) {
      const error = cause as NodeJS.ErrnoException;
      if (error.code === 'ENOENT') {
        return new EnvironmentFile(path, '', null);
      }
      throw unusable(path, error);
    }
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
    const text = lines.map((line) => `${line}\n`).join('');
    return new EnvironmentFile(this.path, text, this.#owners);
  }

  /** Whether it says something else than `other`. */
  differsFrom(other: EnvironmentFile): boolean {
    return this.#text !== other.#text;
  }

  /**
   * Replaces the file as a whole; whose it was when it was read stays. A new one belongs to who owns its folder.
   *
   * @param readableBy - a path, whose group a new file gets from root if it is there
   * @throws {SetupError}
   */
  async write({ readableBy }: { readonly readableBy: string }): Promise<void> {
    const temporary = `${this.path}.new`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const { uid, gid } = this.#owners ?? (await this.#ownersOfNew(readableBy));
      await rm(temporary, { force: true });
      {
        // Not by its path, as whoever may write in the folder could put a link there meanwhile.
        await using file = await open(temporary, 'wx', MODE);
        await file.writeFile(this.#text);
        await file.chmod(MODE);
        await file.chown(uid, gid);
        await file.sync();
      }
      await rename(temporary, this.path);
    } catch (error) {
      throw unusable(this.path, error as NodeJS.ErrnoException);
    }
  }

  async #ownersOfNew(readableBy: string): Promise<Owners> {
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
