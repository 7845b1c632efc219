import type { Command } from './command.ts';
import { doctorCommand } from './doctor.ts';
import { jobsCommand } from './jobs.ts';
import { keygenCommand } from './keygen.ts';
import { pingCommand } from './ping.ts';
import { provisionCommand } from './provision.ts';
import { rotateCommand } from './rotate.ts';
import { serveCommand } from './serve.ts';

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  pingCommand,
  doctorCommand,
  keygenCommand,
  rotateCommand,
  provisionCommand,
  jobsCommand,
];
