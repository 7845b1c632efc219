import { tablesIn } from '../docs/markdown.ts';

/** A row of a table of docs/limits.md. */
export interface LimitRow {
  /** The heading above the table. */
  readonly section: string;
  /** What is limited: the first cell. */
  readonly limit: string;
  /** How much of it: the second cell. */
  readonly value: string;
  /** The constants that the limit comes from. */
  readonly constants: readonly ConstantName[];
  /** The code in its first two cells and in that of where it is set, which may name variables. */
  readonly words: readonly string[];
}

interface ConstantName {
  /** From the root of the repository. */
  readonly path: string;
  readonly name: string;
}

/** Columns that say where a limit is set. */
const WHERE = ['where', 'counted by'];

/** The rows of the tables that have a column for where each limit is set. */
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

/** A file's name says where the constants after it are. */
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
