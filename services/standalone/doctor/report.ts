import type { Finding } from './finding.ts';

/** What an examination found. */
export interface Examined {
  readonly examination: string;
  readonly findings: readonly Finding[];
}

/** Tells what was found, as it is found. */
export interface Report {
  /** Before all else: the names of the examinations, in order. */
  begin(examinations: readonly string[]): void;
  add(examined: Examined): void;
  /** @param faults - how many findings are to be fixed */
  end(faults: number): void;
}

const SUBJECT_WIDTH = 23;
const MARKS = { well: '✓', note: '!', ill: '✗' } as const;

/** For people: a line for each finding, and under it why it matters and what to do. */
export function textReport(print: (line: string) => void): Report {
  const indent = ' '.repeat(SUBJECT_WIDTH + 2);
  return {
    begin() {},
    add({ findings }) {
      for (const { subject, level, says, why, remedy } of findings) {
        print(`${MARKS[level]} ${subject.padEnd(SUBJECT_WIDTH)}${says}`);
        if (why !== null) {
          print(`${indent}  ${why}`);
        }
        if (remedy !== null) {
          print(`${indent}→ ${remedy}`);
        }
      }
    },
    end(faults) {
      print('');
      print(faults === 0 ? 'Nothing is wrong.' : `${faults} to fix.`);
    },
  };
}

/** For programs: a JSON object in each line. */
export function jsonReport(print: (line: string) => void): Report {
  return {
    begin: (examinations) => print(JSON.stringify({ examinations })),
    add: (examined) => print(JSON.stringify(examined)),
    end: (faults) => print(JSON.stringify({ faults })),
  };
}

/** How many findings are to be fixed. */
export function faultsIn(examined: readonly Examined[]): number {
  return examined.flatMap(({ findings }) => findings).filter(({ level }) => level === 'ill').length;
}
