import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveImport } from '../arrows/source-file.ts';

const ROOT = join(import.meta.dirname, '../..');
const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * The value of a named number in a source file. Reads the text, so that a documented limit need not be
 * exported.
 *
 * @param path - from the root of the repository
 * @param name - of a constant, of a member of an object, or of both, such as `PAUSE.firstMs`
 * @returns undefined if there is none, or it takes more than sums and products
 */
export function constantIn(path: string, name: string): number | undefined {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const [member = '', object] = name.split('.').reverse();
  return valueIn(path, object === undefined ? text : objectCalled(object, text), member);
}

function objectCalled(name: string, text: string): string {
  return new RegExp(`\\b${name}\\b[^={\\n]*[=:] (\\{[^}]*\\})`).exec(text)?.[1] ?? '';
}

function valueIn(path: string, text: string, name: string): number | undefined {
  const assignments = text.matchAll(
    new RegExp(`(?<![\\w.])${name}(?:(?:: [^=;{}\\n]+)? =|:) ([^;,{}\\n]*)`, 'g'),
  );
  return assignments
    .map(([, expression = '']) => sum(expression.trim(), { path, name }))
    .find((value) => value !== undefined);
}

/** Where an expression is. */
interface Place {
  readonly path: string;
  /** The name that gets the expression's value. */
  readonly name: string;
}

function sum(expression: string, place: Place): number | undefined {
  return combined(expression, /\s([+-])\s/, (term) => product(term, place));
}

function product(expression: string, place: Place): number | undefined {
  return combined(expression, /\s(\*\*|[*/])\s/, (factor) => numberOf(factor, place));
}

/** Splits at operators, and combines the parts from left to right. */
function combined(
  expression: string,
  operator: RegExp,
  read: (part: string) => number | undefined,
): number | undefined {
  const [first = '', ...rest] = expression.split(operator);
  let total = read(first);
  for (let index = 0; index < rest.length && total !== undefined; index += 2) {
    const value = read(rest[index + 1] ?? '');
    total = value === undefined ? undefined : APPLIED[rest[index] ?? '']?.(total, value);
  }
  return total;
}

const APPLIED: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
};

function numberOf(word: string, { path, name }: Place): number | undefined {
  if (/^[\d._]+$/.test(word)) {
    return Number(word.replaceAll('_', ''));
  }
  return /^[A-Z_]\w*$/.test(word) && word !== name ? valueOfName(word, path) : undefined;
}

/** The value of a name in a file: a constant of the file, or an imported one. */
function valueOfName(name: string, path: string): number | undefined {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const [, specifier] = new RegExp(`\\b${name}\\b[^}]*\\} from '([^']+)'`).exec(text) ?? [];
  if (specifier === undefined) {
    return valueIn(path, text, name);
  }
  const target = resolveImport(path, specifier, imports);
  return target.kind === 'file' && existsSync(join(ROOT, target.name))
    ? constantIn(target.name, name)
    : undefined;
}
