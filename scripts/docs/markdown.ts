const FENCED = /^```[\s\S]*?^```$/gm;

/** The inline code of a Markdown text, outside fenced blocks. */
export function codeIn(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** `[text](target "title")`, `[text](<target>)`, `[name]: target`, `<a href="target">`. */
const LINK =
  /\]\(\s*<?(?<inline>[^)\s>]+)>?[^)]*\)|^ {0,3}\[[^\]]+\]: *<?(?<defined>[^\s>]+)|\b(?:href|src)="(?<html>[^"]*)"/gm;

/** The relative targets of links and images, as written. */
export function linksIn(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(LINK)]
    .map(({ groups: { inline, defined, html } = {} }) => inline ?? defined ?? html ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** GitHub's anchors for the headings of a Markdown text. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(FENCED, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The tables of a Markdown text: the cells of each line, first the header and the rule below it. */
export function tablesIn(text: string): readonly (readonly (readonly string[])[])[] {
  return (text.match(/(?:^\|.*\n)+/gm) ?? []).map((table) => table.trim().split('\n').map(cellsOf));
}

function cellsOf(line: string): readonly string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** A line of a table. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(
    '  |',
    ' |',
  );
}
