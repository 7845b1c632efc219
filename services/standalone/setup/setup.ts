import type { Clock } from '#clock/clock.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { lastBackupAt } from '../backup/last-backup.ts';
import { pageToRead } from '../installation.ts';
import type { Dns } from '../reach/find-service.ts';
import { ReachError } from '../reach/reach-error.ts';
import type { Failing } from '../running/readiness.ts';
import { type Answers, type GivenAnswers, publicPorts, variablesOf } from './answers.ts';
import { awaitReady } from './await-ready.ts';
import type { ClockCheck } from './clock-check.ts';
import { EnvironmentFile } from './environment-file.ts';
import { findInDns } from './find-in-dns.ts';
import { handOut, pageForUsers } from './for-users.ts';
import { keepAddress } from './keep-address.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { settleAnswers } from './questions.ts';
import type { ServiceManager } from './service-manager.ts';
import { SetupError } from './setup-error.ts';
import type { TakenPort } from './taken-ports.ts';
import type { Terminal } from './terminal.ts';

/** What is to be set up, and how. */
interface SetupOptions {
  readonly given: GivenAnswers;
  /** Where the configuration is kept. */
  readonly configFile: string;
  /** Whether to ask for what is missing. */
  readonly asks: boolean;
  /** How long to wait for the DNS, in milliseconds. */
  readonly dnsPatienceMs: number;
  readonly needsProof: boolean;
}

/** What the set-up acts through. */
export interface SetupParts {
  readonly clock: Clock;
  readonly clockCheck: ClockCheck;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly ownAddresses: OwnAddresses;
  /** Opens the resolver that the configuration, if not the command line, names. */
  readonly openDns: (configured: Environment) => Dns;
  /** Null where nothing runs services. */
  readonly service: ServiceManager | null;
  readonly takenPorts: (ports: ReturnType<typeof publicPorts>) => Promise<readonly TakenPort[]>;
  /** Asks the gateway on this machine what it still lacks. */
  readonly failing: (configured: Environment) => Promise<Failing>;
  /**
   * Sends parcels through the gateway as the DNS leads to it.
   *
   * @returns the steps that failed, each with its cause; none if all is well
   */
  readonly ping: (address: string, configured: Environment) => Promise<readonly Error[]>;
}

/**
 * Sets a gateway up on this machine: DNS, configuration, certificate, service. Each step that is
 * done already is found done, so that it can be repeated from any point.
 *
 * @returns whether phones can use the gateway now; false if it is for the operator to start it
 * @throws {SetupError} at the first thing that keeps it from going on
 */
export async function setUp(options: SetupOptions, parts: SetupParts): Promise<boolean> {
  const { terminal, service } = parts;
  const before = await EnvironmentFile.read(options.configFile);
  const answers = await settleAnswers(options.given, before.values, { ...parts, ...options });
  await keepAddress(answers, before.values, terminal);
  const after = before.with(variablesOf(answers));
  // Before the wait, so that who ends it can go on from here.
  await after.write({ readableBy: answers.dataFolder });
  terminal.print(`✓ configuration  ${after.path}`);
  const configured = after.values;
  await refuseTakenPorts(answers, { ...parts, configured });
  await findInDns(answers, options, { ...parts, configured });
  if (service === null && (await parts.failing(configured)) === null) {
    sayHowToStart(after.path, answers.address, terminal);
    return false;
  }
  if (service) {
    await refuseTakenPorts(answers, { ...parts, configured });
    await service.start(configured);
    terminal.print('✓ service        started');
  }
  await awaitReady({
    ...parts,
    service: service ?? { fault: async () => null },
    failing: () => parts.failing(configured),
  });
  terminal.print(
    `✓ gateway        ready${answers.certificates === 'none' ? '' : ', with its certificate'}`,
  );
  await pingFromOutside(answers, options, { ...parts, configured });
  await handOver(answers, terminal);
  return true;
}

type ConfiguredParts = SetupParts & { readonly configured: Environment };

/**
 * Before the wait for the DNS, and once more after it.
 *
 * @throws {SetupError}
 */
async function refuseTakenPorts(
  { certificates, address }: Answers,
  { service, configured, takenPorts }: ConfiguredParts,
): Promise<void> {
  if (service === null || certificates === 'none' || (await service.isRunning())) {
    return;
  }
  const [taken] = await takenPorts(publicPorts(configured));
  if (taken) {
    throw new SetupError(
      `port ${taken.port} is taken by ${taken.by ?? 'another program'}`,
      `Stop it (sudo ss -ltnp says which it is), and repeat the same line. If it is a proxy that is to stay, lead ${address} through it, as ${pageToRead('one-machine.md')} says: --certificates none.`,
    );
  }
}

async function pingFromOutside(
  { address }: Answers,
  { needsProof }: SetupOptions,
  { ping, configured, terminal }: ConfiguredParts,
): Promise<void> {
  terminal.print('');
  const failures = await ping(address, configured);
  if (failures.length === 0) {
    return;
  }
  if (needsProof || !failures.every(lacksProofAlone)) {
    throw new SetupError(
      `the gateway runs, but not all of its roads are open (above)`,
      `Do what the lines with an arrow say, then repeat the same line, or only: awala-gateway ping ${address}`,
    );
  }
  terminal.print('! Internet apps deliver nothing here until DNSSEC is there.');
}

function lacksProofAlone({ cause }: Error): boolean {
  return cause instanceof ReachError && cause.reason === 'not-signed';
}

async function handOver(
  { address, page, contact, dataFolder }: Answers,
  terminal: Terminal,
): Promise<void> {
  const text = pageForUsers(address, contact);
  terminal.print(`\n${text}`);
  try {
    await handOut(page, text);
    terminal.print(`This page is for your users; it is also in ${page}.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.print(`This page is for your users. It could not be written to a file: ${reason}`);
  }
  if ((await lastBackupAt(dataFolder)) === null) {
    terminal.print(`
Next, back it up: without that, a dead disk costs all phones their gateway.
${pageToRead('backups.md')} says how,
once or every day.`);
  }
}

function sayHowToStart(configFile: string, address: string, terminal: Terminal): void {
  terminal.print(`
There is no systemd here. Let this machine start, now and at boot, with the
variables in ${configFile}:

    awala-gateway serve

then repeat the same line, or: awala-gateway ping ${address}
To see it through at once, repeat the same line with --foreground.`);
}
