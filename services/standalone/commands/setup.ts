import { existsSync } from 'node:fs';
import process from 'node:process';
import { systemClock } from '#clock/clock.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { Interruption } from '#runtime/interruption.ts';
import { WORKERS_VARIABLES } from '#services/workers/config.ts';
import { SYSTEMD } from '../installation.ts';
import { INSTALLED } from '../installed.ts';
import { ping } from '../ping/ping.ts';
import { Resolvers } from '../reach/resolvers.ts';
import { askReadiness } from '../running/readiness.ts';
import { programRunner } from '../running/run-program.ts';
import { operationsPort } from '../setup/answers.ts';
import { ClockCheck } from '../setup/clock-check.ts';
import { configuredValue } from '../setup/configured-value.ts';
import { dnsOfClients } from '../setup/dns-of-clients.ts';
import { Foreground } from '../setup/foreground.ts';
import { ownAddresses } from '../setup/own-addresses.ts';
import { ProcessTerminal } from '../setup/process-terminal.ts';
import { type SetupParts, setUp } from '../setup/setup.ts';
import { SetupError } from '../setup/setup-error.ts';
import { Systemd } from '../setup/systemd.ts';
import { takenPorts } from '../setup/taken-ports.ts';
import type { Terminal } from '../setup/terminal.ts';
import type { Command, CommandContext } from './command.ts';
import { certificatesIn } from './option-values.ts';
import { readPingArguments } from './ping-arguments.ts';
import { pingTarget } from './ping-target.ts';
import { readSetupArguments, type SetupArguments } from './setup-arguments.ts';

/** What shells expect after Ctrl-C. */
const INTERRUPTED = 130;

/** `awala-gateway setup`: from an empty machine to a gateway that phones can use. */
export const setupCommand: Command = {
  usage: `Usage: awala-gateway setup [<option>…] [<address>]

Sets up a gateway on this machine: says which DNS records it needs and waits
until they are there, writes its configuration, starts it, waits for its
certificate, sends parcels through it as phones, couriers and Internet apps
do, and prints a page for its users. Asks what it needs to know. Safe to
repeat: it goes on from wherever it ended, and changes an existing set-up.

  <address>  the Awala address: a domain name of yours, such as
             gateway.example.org; by default the configured one

  --address <IP>         a public address of this machine; may be repeated. By
                         default those given before (PUBLIC_ADDRESSES in the
                         configuration), or of its network interfaces. Behind
                         NAT, the one that leads here
  --email <address>      for the certificate authority, Let’s Encrypt, whose
                         terms you accept by using it; '' for none
  --certificates <from>  acme (the default); files, named in the
                         configuration; or none, if a proxy ends TLS
  --port <number>        the public port with TLS, if it is not HTTPS_PORT
                         (443); remembered as PUBLIC_PORT
  --without-dnssec       do not wait for DNSSEC: Internet apps deliver nothing
                         here until it is there
  --wait <time>          how long to wait for the DNS, such as 30m (1h)
  --config <file>        the configuration
                         (${INSTALLED.settings}); lines that are not
                         this command’s stay
  --data-dir <folder>    for keys and parcels (${INSTALLED.data})
  --page <file>          where to write the page for users (for-users.txt in
                         the data folder)
  --contact <text>       whom users are to tell what is wrong, on that page;
                         remembered as USERS_CONTACT; '' for nobody
  --foreground           run the gateway in this terminal, not by systemd; from
                         root, as whom the data folder belongs to
  --resolver <URL>       the DNS-over-HTTPS resolver to ask (DOH_URL of the
                         configuration; or those that clients ask)
  --ca <file>            trust the certificates in this file (PEM) instead of
                         the public authorities
  --yes                  ask nothing: a missing answer is an error`,
  async run(context) {
    const read = readSetupArguments(context.args);
    using interruption = new Interruption();
    await using opened = new AsyncDisposableStack();
    const onInterrupt = () => interruption.interrupt('SIGINT');
    const streams = { input: process.stdin, output: process.stdout, onInterrupt };
    const terminal = new ProcessTerminal(streams, context.print);
    try {
      return await setUpHere(read, { ...context, terminal, interruption, opened });
    } catch (error) {
      if (interruption.signal.aborted) {
        terminal.print('Stopped. To go on from here, repeat the same line.');
        return INTERRUPTED;
      }
      if (error instanceof SetupError) {
        terminal.print(`✗ ${error.message}`);
        terminal.print(error.remedy.replaceAll(/^/gm, '  → '));
        return 1;
      }
      throw error;
    }
  },
};

interface HereParts extends CommandContext {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
  readonly opened: AsyncDisposableStack;
}

async function setUpHere(read: SetupArguments, parts: HereParts): Promise<number> {
  const { terminal, interruption, opened } = parts;
  const asks = !read.yes && terminal.canAsk;
  const child = read.foreground ? opened.use(foreground(parts)) : null;
  const service = child ?? systemdHere(parts);
  const ports = { ...(await portsHere(read, parts)), service };
  const isUp = await orInterrupted(setUp({ ...read, asks }, ports), interruption.signal);
  if (child === null || !isUp) {
    return 0;
  }
  terminal.print('The gateway runs in this terminal. Stop it with Ctrl-C; what is stored stays.');
  interruption.signal.addEventListener('abort', () => child.stop(interruption.by ?? 'SIGTERM'));
  return child.ended();
}

/** What heeds no signal, such as a ping, is left alone. */
function orInterrupted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([work, promise]);
}

/** This very program, told to serve. */
function foreground({ environment, program = [process.execPath] }: HereParts): Foreground {
  return new Foreground([...program, 'serve'], environment);
}

function systemdHere({ environment }: HereParts): Systemd | null {
  return existsSync(SYSTEMD) ? new Systemd(programRunner(environment)) : null;
}

async function portsHere(
  { resolver, ca: caFile }: SetupArguments,
  { terminal, interruption, environment, opened, print }: HereParts,
): Promise<Omit<SetupParts, 'service'>> {
  const clock = systemClock;
  const clockCheck = new ClockCheck(clock);
  const ca = caFile === undefined ? undefined : await certificatesIn('--ca', caFile);
  const { dohUrl } = WORKERS_VARIABLES.delivery;
  const resolvers = (configured: Environment) => {
    const named = configured[dohUrl.name] ? configuredValue(dohUrl, configured) : undefined;
    const onTime: ClockCheck['hear'] = (time) => clockCheck.hear(time);
    return opened.use(new Resolvers({ clock, resolver: resolver ?? named, ca, onTime }));
  };
  return {
    clock,
    clockCheck,
    terminal,
    signal: interruption.signal,
    ownAddresses,
    openDns: (configured) => dnsOfClients(resolvers(configured)),
    takenPorts: (ports) => takenPorts(ports, programRunner(environment)),
    failing: (configured) => askReadiness(operationsPort(configured)),
    async ping(address, configured) {
      const args = await readPingArguments([address, ...(caFile ? ['--ca', caFile] : [])]);
      const parts = { environment, clock, resolvers: resolvers(configured) };
      return ping(pingTarget(args, parts), { print, clock });
    },
  };
}
