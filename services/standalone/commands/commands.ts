import type { Command } from './command.ts';

/** A word of `awala-gateway <word>`. */
export interface CommandEntry {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /**
   * Who runs it where a package is installed. `root` stays root, as it changes the system, or reads
   * and writes wherever its caller may; in a folder of another user it acts as that user
   * (`as-owner/`). `anybody` needs no configuration. The others run as the
   * gateway's user, who owns the data.
   */
  readonly runBy?: 'root' | 'anybody';
  /** Whether it is of no use once nobody reads what it prints, and leaves nothing half done. */
  readonly onlyPrints?: true;
  /** Loads what only this command needs, so that others start faster. */
  load(): Promise<Command>;
}

/** Every command, in the order of the help text. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run the whole gateway in this process',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    name: 'setup',
    runBy: 'root',
    summary: 'set up a gateway on this machine: DNS, certificate, service, a page for users',
    load: async () => (await import('./setup.ts')).setupCommand,
  },
  {
    name: 'ping',
    runBy: 'anybody',
    onlyPrints: true,
    summary: 'send parcels through a running gateway by every road',
    load: async () => (await import('./ping.ts')).pingCommand,
  },
  {
    name: 'doctor',
    onlyPrints: true,
    summary: 'find what is wrong: DNS, certificates, disk, database, clock, ports and more',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'status',
    onlyPrints: true,
    summary: 'show what the gateway holds and does',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'keygen',
    summary: 'create the gateway’s key, certificate and session key, where missing',
    load: async () => (await import('./keygen.ts')).keygenCommand,
  },
  {
    name: 'rotate',
    summary: 'renew the gateway’s certificate and session key, if due',
    load: async () => (await import('./rotate.ts')).rotateCommand,
  },
  {
    name: 'provision',
    summary: 'set up the gateway’s bucket and database in Google Cloud',
    load: async () => (await import('./provision.ts')).provisionCommand,
  },
  {
    name: 'backup',
    runBy: 'root',
    summary: 'back up the gateway’s data, encrypted, while it runs',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    runBy: 'root',
    summary: 'put a backup in the place of the gateway’s data',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  {
    name: 'adopt',
    summary: 'take over a copied data folder that the gateway does not start on',
    load: async () => (await import('./adopt.ts')).adoptCommand,
  },
  {
    name: 'jobs',
    summary: 'list, replay or discard the jobs that the workers set aside',
    load: async () => (await import('./jobs.ts')).jobsCommand,
  },
  {
    name: 'peers',
    summary: 'block and unblock private gateways, and remove what is held for one',
    load: async () => (await import('./peers.ts')).peersCommand,
  },
];
