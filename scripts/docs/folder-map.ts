import { isTest } from '../arrows/modules.ts';

/** Folders of a kind that the map explains once, rather than wherever there is one. */
const UNMAPPED = /^(?:contract|fixtures)$/;

/** Folders whose files may import from anywhere. */
const UNORDERED = /^(?:scripts|test)\//;

/** An import, as paths relative to the root. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/**
 * Compares the map, the first fenced block of `text`, with the tree: each folder that it names
 * exists, and if it names one of a folder's subfolders, it names all of them. A line names one
 * folder or several (`libs/`), indented by two spaces a level, and then says what is in them.
 *
 * @param files - of the tree, relative to its root
 */
export function complaintsAboutMap(text: string, files: readonly string[]): string[] {
  const mapped = [...linesOfFolders(text).keys()];
  if (mapped.length === 0) {
    return ['has no map of the folders as its first fenced block'];
  }
  const existing = new Set(files.flatMap(foldersAbove));
  const opened = new Set(mapped.map(parentOf));
  return [
    ...mapped.filter((folder) => !existing.has(folder)).map((it) => `maps ${it}, not there`),
    ...[...existing]
      .filter((folder) => opened.has(parentOf(folder)) && parentOf(folder) !== '')
      .filter(
        (folder) => !mapped.includes(folder) && !UNMAPPED.test(folder.split('/').at(-1) ?? ''),
      )
      .map((folder) => `does not map ${folder}`),
  ];
}

/**
 * Imports of product code that point up the map. Folders on one line may import each other, and so
 * may a folder and those within it.
 */
export function complaintsAboutArrows(text: string, arrows: readonly Arrow[]): string[] {
  const lines = linesOfFolders(text);
  const placeOf = (file: string) => foldersAbove(file).findLast((folder) => lines.has(folder));
  return arrows
    .filter(({ from }) => !UNORDERED.test(from) && !isTest(from))
    .filter(({ from, to }) => isUpward(placeOf(from), placeOf(to), lines))
    .map(({ from, to }) => `maps ${to} above ${from}, which imports it`);
}

function isUpward(
  importer: string | undefined,
  imported: string | undefined,
  lines: ReadonlyMap<string, number>,
): boolean {
  if (importer === undefined || imported === undefined) {
    return false;
  }
  const isWithin =
    `${importer}/`.startsWith(`${imported}/`) || `${imported}/`.startsWith(`${importer}/`);
  return !isWithin && (lines.get(importer) ?? 0) > (lines.get(imported) ?? 0);
}

/** The folders that the map names, each with the number of its line. */
function linesOfFolders(text: string): ReadonlyMap<string, number> {
  const [, map = ''] = /^```\w*\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const folders = new Map<string, number>();
  const path: string[] = [];
  for (const [number, line] of map.split('\n').entries()) {
    const [, indent = '', names = ''] = /^( *)((?:[\w.-]+\/ *)+)/.exec(line) ?? [];
    if (names === '') {
      continue;
    }
    path.length = indent.length / 2;
    const siblings = names.trim().split(/\/\s*/).filter(Boolean);
    for (const name of siblings) {
      folders.set([...path, name].join('/'), number);
    }
    path.push(siblings.at(-1) ?? '');
  }
  return folders;
}

function foldersAbove(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function parentOf(folder: string): string {
  return folder.split('/').slice(0, -1).join('/');
}
