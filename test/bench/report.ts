/** A demand on the figures of a case, and whether the run met it. */
export interface Requirement {
  readonly text: string;
  /** What was measured, in the words of the demand. */
  readonly measured: string;
  readonly holds: boolean;
}

/** One line of the table. Figures are text, since their units differ. */
export interface Row {
  readonly work: string;
  readonly peer: string;
  readonly ours: string;
  readonly floor: string;
  readonly requirements: readonly Requirement[];
}

/** A benchmark: returns the lines it adds to the table. Runs in a process of its own. */
export type BenchCase = () => Promise<readonly Row[]>;

export function atLeast(text: string, actual: number, bound: number, unit = '×'): Requirement {
  return {
    text: `≥ ${bound}${unit} ${text}`,
    measured: `${figure(actual)}${unit}`,
    holds: actual >= bound,
  };
}

export function atMost(text: string, actual: number, bound: number, unit = '×'): Requirement {
  return {
    text: `≤ ${bound}${unit} ${text}`,
    measured: `${figure(actual)}${unit}`,
    holds: actual <= bound,
  };
}

/** Three significant digits. */
export function figure(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

export function milliseconds(value: number): string {
  return `${figure(value)} ms`;
}

export function printTable(rows: readonly Row[], print: (line: string) => void): void {
  const header = ['work', 'peer library', 'ours', 'floor', 'must reach', 'measured', ''];
  const lines = rows.flatMap((row) => {
    const [first, ...rest] = row.requirements.map(({ text, measured, holds }) => [
      text,
      measured,
      holds ? 'ok' : 'UNDER',
    ]);
    return [
      [row.work, row.peer, row.ours, row.floor, ...(first ?? ['', '', ''])],
      ...rest.map((requirement) => ['', '', '', '', ...requirement]),
    ];
  });
  const widths = header.map((_, column) =>
    Math.max(...[header, ...lines].map((line) => [...(line[column] ?? '')].length)),
  );
  for (const line of [header, widths.map((width) => '-'.repeat(width)), ...lines]) {
    print(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
