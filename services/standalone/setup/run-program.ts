import { execFile } from 'node:child_process';
import type { Environment } from '#runtime/configuration/variable.ts';
import type { RunProgram } from './systemd.ts';

/** Longer than a gateway takes to drain. */
const PROGRAM_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_OCTETS = 1_048_576;

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
