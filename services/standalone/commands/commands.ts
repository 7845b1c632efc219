import type { Command } from './command.ts';
import { pingCommand } from './ping.ts';
import { serveCommand } from './serve.ts';

/** Every command, in the order of the help text. */
export const COMMANDS: readonly Command[] = [serveCommand, pingCommand];
