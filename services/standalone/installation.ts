import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { isLocalAddress } from '#composition/internet-address.ts';
import { INSTALLED } from './installed.ts';

/** Where systemd runs (sd_booted(3)). */
export const SYSTEMD = '/run/systemd/system';

/** Where the pages are, from the folder of this file; and from that of all code in a package or tar ball. */
const DOCS_OF_CLONE = '../../docs';
const PAGES_OF_BUNDLE = `../../../../${relative('/usr', INSTALLED.pages)}`;

/** What to do to handle a gateway, depending on how it came to this machine. */
export interface Handling {
  /** What gives the gateway its address; null where it needs none to be tried out. */
  readonly setUp: string | null;
  /** The file of its variables; null if they are whatever its environment has. */
  readonly settings: string | null;
  readonly start: string;
  readonly stop: string;
  readonly restart: string;
  readonly logs: string;
  readonly upgrade: string;
  readonly uninstall: string;
}

const CLONE: Handling = {
  setUp: null,
  settings: null,
  start: 'npm start',
  stop: 'Ctrl-C in the terminal that it runs in',
  restart: 'Ctrl-C in the terminal that it runs in, then npm start',
  logs: 'look into the terminal that it runs in',
  upgrade: 'git pull && npm ci, then start it anew',
  uninstall: 'stop it, and delete this folder with its data',
};

const PACKAGE = {
  setUp: 'sudo awala-gateway setup gateway.example.org',
  settings: INSTALLED.settings,
} as const;

const SERVICE: Handling = {
  ...PACKAGE,
  start: 'sudo systemctl start awala-gateway',
  stop: "sudo systemctl stop 'awala-gateway-*.socket' awala-gateway",
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
  upgrade: 'unpack or install the newer version, then start it anew',
  uninstall: 'stop it, and delete what was unpacked, with its data',
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
  return isInstalled ? { ...PROGRAM, ...PACKAGE, start: `sudo ${PROGRAM.start}` } : PROGRAM;
}

/**
 * Where to read a page for operators, in words that follow “see”.
 *
 * @param name - its path in `docs`
 * @param program - as of {@link handling}
 */
export function pageToRead(
  name: string,
  program: string = import.meta.filename,
  exists: (path: string) => boolean = existsSync,
): string {
  const pages = program.endsWith('.ts') ? DOCS_OF_CLONE : PAGES_OF_BUNDLE;
  const page = resolve(dirname(program), pages, name);
  // Images, and Debians that leave out what is only read, have none.
  return exists(page) ? page : `docs/${name} in the gateway’s source`;
}

/** Whether a gateway lacks an address that the world could find, and needs one to be started. */
export function lacksSetUp(internetAddress: string, { setUp }: Handling): boolean {
  return setUp !== null && isLocalAddress(internetAddress);
}

/** What brings a gateway up that does not run. */
export function toBringUp(internetAddress: string, installed: Handling = handling()): string {
  const { setUp, start } = installed;
  return lacksSetUp(internetAddress, installed) && setUp !== null ? setUp : start;
}
