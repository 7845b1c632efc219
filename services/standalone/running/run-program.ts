import { execFile } from 'node:child_process';
import type { Environment } from '#runtime/configuration/variable.ts';

/** Longer than a gateway takes to drain. */
const PROGRAM_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_OCTETS = 1_048_576;

/** How a program ended. */
interface Ended {
  /** Its exit code; null if it could not be run. */
  readonly code: number | null;
  /** What it printed, on both outputs. */
  readonly output: string;
}

/** Runs a program to its end. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ended>;

/** Runs programs of this machine, in English, each for a bounded time. */
export function programRunner(environment: Environment): RunProgram {
  const options = {
    env: { ...environment, LC_ALL: 'C', SYSTEMD_PAGER: '' },
    timeout: PROGRAM_TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_OCTETS,
  };
  return (program, args) =>
    new Promise((resolve) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : null;
        const why = error && code === null ? error.message : '';
        resolve({ code: error ? code : 0, output: `${stdout}${stderr}${why}` });
      });
    });
}
