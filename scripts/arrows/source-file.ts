import { posix } from 'node:path';

export interface Import {
  readonly line: number;
  /** The specifier as written, such as `#clock/clock.ts` or `node:fs`. */
  readonly specifier: string;
  /** Whether the import disappears at run time. */
  readonly isTypeOnly: boolean;
}

const IMPORT_PATTERNS = [
  // `import a from 'b'`, `export { a } from 'b'`, `import 'b'`, over one line or several.
  /^(?:import|export)\b(?<type>\s+type\b)?(?:[^;'"`]*?\bfrom)?\s*(?<quote>['"])(?<specifier>.+?)\k<quote>/gm,
  // `import('b')`, `require('b')`
  /\b(?:import|require)\s*\(\s*(?<quote>['"`])(?<specifier>.+?)\k<quote>/g,
];

/** A file of the tree as the checks see it: its imports and its code without comments. */
export class SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  /** The text with comments blanked out; lines keep their numbers. */
  readonly code: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.code = withoutComments(text);
  }

  get imports(): Import[] {
    return IMPORT_PATTERNS.flatMap((pattern) =>
      [...this.code.matchAll(pattern)].map((match) => ({
        line: this.#lineAt(match.index),
        specifier: match.groups?.specifier ?? '',
        isTypeOnly: match.groups?.type !== undefined,
      })),
    );
  }

  /** Lines of code in which `pattern`, a global expression, occurs. */
  linesWith(pattern: RegExp): number[] {
    return [...this.code.matchAll(pattern)].map((match) => this.#lineAt(match.index));
  }

  #lineAt(index: number): number {
    return this.code.slice(0, index).split('\n').length;
  }
}

/**
 * Resolves an import: to a path relative to the root for a file of this tree, and to its name for a
 * package or a module of Node.
 *
 * @param aliases - the `imports` map of package.json
 */
export function resolveImport(
  from: string,
  specifier: string,
  aliases: Readonly<Record<string, string>>,
): { readonly kind: 'file' | 'package' | 'node'; readonly name: string } {
  if (specifier.startsWith('node:')) {
    return { kind: 'node', name: specifier.slice('node:'.length) };
  }
  if (specifier.startsWith('.')) {
    return { kind: 'file', name: posix.join(posix.dirname(from), specifier) };
  }
  for (const [alias, target] of Object.entries(aliases)) {
    const prefix = alias.replace(/\*$/, '');
    if (specifier.startsWith(prefix)) {
      const path = target.replace('*', specifier.slice(prefix.length));
      return { kind: 'file', name: posix.normalize(path) };
    }
  }
  const parts = specifier.split('/');
  return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** A text in one line, which may hold what looks like a comment; or a comment. */
const TEXT_OR_COMMENT =
  /(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\\n]|\\.)*`)|\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;

/** Blanks out comments. A `//` inside a word, as in a URL, begins none. */
function withoutComments(text: string): string {
  return text.replaceAll(TEXT_OR_COMMENT, (found, quoted?: string) =>
    quoted === undefined ? found.replaceAll(/[^\n]/g, ' ') : found,
  );
}
