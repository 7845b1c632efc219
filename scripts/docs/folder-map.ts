/** Folders of a kind that the map explains once, rather than wherever there is one. */
const UNMAPPED = /^(?:contract|fixtures)$/;

/**
 * Compares the map, the first fenced block of `text`, with the tree: each folder that it names
 * exists, and if it names one of a folder's subfolders, it names all of them. A line names one
 * folder or several (`libs/`), indented by two spaces a level, and then says what is in them.
 *
 * @param files - of the tree, relative to its root
 */
export function complaintsAboutMap(text: string, files: readonly string[]): string[] {
  const [, map = ''] = /^```\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const mapped = foldersOf(map);
  const existing = new Set(files.flatMap(foldersAbove));
  const opened = new Set([...mapped].map(parentOf));
  return [
    ...[...mapped].filter((folder) => !existing.has(folder)).map((it) => `maps ${it}, not there`),
    ...[...existing]
      .filter((folder) => opened.has(parentOf(folder)) && parentOf(folder) !== '')
      .filter((folder) => !mapped.has(folder) && !UNMAPPED.test(folder.split('/').at(-1) ?? ''))
      .map((folder) => `does not map ${folder}`),
  ];
}

function foldersOf(map: string): ReadonlySet<string> {
  const folders = new Set<string>();
  const path: string[] = [];
  for (const line of map.split('\n')) {
    const [, indent = '', names = ''] = /^( *)((?:[\w.-]+\/ *)+)/.exec(line) ?? [];
    if (names === '') {
      continue;
    }
    path.length = indent.length / 2;
    const siblings = names.trim().split(/\/\s*/).filter(Boolean);
    for (const name of siblings) {
      folders.add([...path, name].join('/'));
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
