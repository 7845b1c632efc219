import { tablesIn } from '../docs/markdown.ts';

/** A row of a table of docs/limits.md. */
export interface LimitRow {
  /** The heading above the table. */
  readonly section: string;
  /** What is limited: the first cell. */
  readonly limit: string;
  /** The limit itself: the second cell. */
  readonly value: string;
  /** The constants that set the limit. */
  readonly constants: readonly ConstantName[];
  /** The code in the first two cells and in the column “where”, which may name variables. */
  readonly words: readonly string[];
}

interface ConstantName {
  /** From the root of the repository. */
  readonly path: string;
  readonly name: string;
}

/** Headers of the column that says where a limit is set. */
const WHERE = ['where', 'counted by'];

/** The rows of the tables with such a column. */
export function rowsIn(page: string): readonly LimitRow[] {
  return page.split(/^(?=##+ )/m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n')).replace(/^#+ /, '');
    const [, usual = ''] = /^Set in `([^`]+\.ts)`/m.exec(part) ?? [];
    return tablesIn(part).flatMap(([header = [], , ...rows]) => {
      const where = header.findIndex((cell) => WHERE.includes(cell));
      return where < 0 ? [] : rows.map((cells) => rowOf(section, cells, cells[where] ?? '', usual));
    });
  });
}

function rowOf(
  section: string,
  [limit = '', value = '']: readonly string[],
  where: string,
  usual: string,
): LimitRow {
  const words = `${value} ${where}`.match(/(?<=`)\w+(?=(?:=\w+)?`)/g) ?? [];
  return { section, limit, value, constants: namesIn(where, usual), words };
}

/** Reads names of constants; each is in the file named last before it. */
function namesIn(cell: string, usual: string): readonly ConstantName[] {
  let path = usual;
  return (cell.match(/(?<=`)[\w./-]+(?=`)/g) ?? []).flatMap((word) => {
    if (word.includes('/') || word.endsWith('.ts')) {
      path = word;
      return [];
    }
    return path.endsWith('.ts') && /^[A-Za-z]\w*(?:\.\w+)?$/.test(word)
      ? [{ path, name: word }]
      : [];
  });
}
