/**
 * Fails on a declaration that product code exports without a docstring, on an export apart from its
 * declaration, and on an exported type that no other file imports: knip lets that pass where
 * another export mentions it.
 *
 * Takes the root of the tree as its argument; by default, the working folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isTest } from './arrows/modules.ts';
import { resolveImport } from './arrows/source-file.ts';
import { listFiles } from './tracked-files.ts';

/** Relies on Biome's formatting: an export begins its line, right after its docstring. */
const EXPORT =
  /(?<docstring>^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:declare |abstract |async )*(?<kind>function\*?|class|interface|type(?! \{)|const enum|enum|namespace|const|let|var) (?<name>[\w$]+|\{[^}]*\}|\[[^\]]*\])/gm;

/** `export { name }` or `export default`: a docstring would be out of sight. */
const APART = /^export (?:(?:type )?\{[^}]*\}(?! from\b)|default\b|=)/gm;

const NAMED_IMPORT =
  /^(?:import|export)\s+(?:type\s+)?\{(?<names>[^}]*)\}\s*from\s+'(?<specifier>[^']+)'/gm;

function main(root: string): void {
  const texts = new Map(
    listFiles(root)
      .filter((path) => /^(?:libs|scripts|services|test)\/.*\.[jt]s$/.test(path))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
  const { imports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const imported = new Set([...texts].flatMap(([path, text]) => importsOf(path, text, imports)));
  const complaints = [...texts].flatMap(([path, text]) =>
    /^(?:libs|services)\//.test(path) && !isTest(path) ? complaintsOf(path, text, imported) : [],
  );
  process.stdout.write(complaints.map((complaint) => `${complaint}\n`).join(''));
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

/** @returns `<file> <name>` for each name that the file imports from another of the tree */
function importsOf(path: string, text: string, aliases: Record<string, string>): string[] {
  return [...text.matchAll(NAMED_IMPORT)].flatMap(({ groups }) => {
    const target = resolveImport(path, groups?.specifier ?? '', aliases);
    const names = (groups?.names ?? '').split(',');
    return names.map((name) => `${target.name} ${name.trim().replace(/^type | as .*$/g, '')}`);
  });
}

function complaintsOf(path: string, text: string, imported: ReadonlySet<string>): string[] {
  const placeAt = (index: number) => `${path}:${text.slice(0, index).split('\n').length}`;
  let previous = '';
  const declared = [...text.matchAll(EXPORT)].flatMap(({ index, groups }) => {
    const { docstring = '', kind = '', name = '' } = groups ?? {};
    const isOverload = kind.startsWith('function') && name === previous;
    previous = kind.startsWith('function') ? name : '';
    const place = placeAt(index + docstring.length);
    return [
      ...(isOverload || /\p{L}/u.test(docstring) ? [] : [`${place}: ${name} has no docstring`]),
      ...(/^(?:interface|type)$/.test(kind) && !imported.has(`${path} ${name}`)
        ? [`${place}: ${name} is exported, but no other file imports it`]
        : []),
    ];
  });
  const apart = [...text.matchAll(APART)].map(
    ({ 0: written, index }) =>
      `${placeAt(index)}: ${written.replaceAll(/\s+/g, ' ')}: export it where it is declared`,
  );
  return [...declared, ...apart];
}

main(process.argv[2] ?? process.cwd());
