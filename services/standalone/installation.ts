import { existsSync } from 'node:fs';
import { INSTALLED } from './installed.ts';

/** Where systemd runs (sd_booted(3)). */
export const SYSTEMD = '/run/systemd/system';

/** What is typed to handle a gateway, depending on how it came to this machine. */
interface Handling {
  readonly start: string;
  readonly stop: string;
  readonly restart: string;
  readonly logs: string;
  readonly upgrade: string;
  readonly uninstall: string;
}

const CLONE: Handling = {
  start: 'npm start',
  stop: 'Ctrl-C in the terminal that it runs in',
  restart: 'Ctrl-C in the terminal that it runs in, then npm start',
  logs: 'nothing: they are in the terminal that it runs in',
  upgrade: 'git pull && npm ci, then start it anew',
  uninstall: 'nothing: stop it, and delete this folder with its data',
};

const SERVICE: Handling = {
  start: 'sudo systemctl start awala-gateway',
  stop: 'sudo systemctl stop awala-gateway',
  restart: 'sudo systemctl restart awala-gateway',
  logs: 'sudo journalctl --unit=awala-gateway --follow',
  upgrade: 'sudo apt install ./awala-gateway_….deb, with the newer package',
  uninstall: 'sudo apt remove awala-gateway, which keeps the data; purge deletes that too',
};

/** Installed where nothing runs services, or unpacked. */
const PROGRAM: Handling = {
  ...CLONE,
  start: 'awala-gateway serve',
  restart: 'Ctrl-C in the terminal that it runs in, then awala-gateway serve',
  upgrade: 'the lines that installed it, with the newer version',
  uninstall: 'nothing: stop it, and delete what was unpacked, with its data',
};

/**
 * What to type on this machine.
 *
 * @param program - a file of this program: only a clone has TypeScript
 */
export function handling(
  program: string = import.meta.filename,
  exists: (path: string) => boolean = existsSync,
): Handling {
  if (program.endsWith('.ts')) {
    return CLONE;
  }
  const isInstalled = exists(INSTALLED.unit);
  if (isInstalled && exists(SYSTEMD)) {
    return SERVICE;
  }
  return isInstalled ? { ...PROGRAM, start: `sudo ${PROGRAM.start}` } : PROGRAM;
}
