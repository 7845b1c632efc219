import { join } from 'node:path';
import type { Environment } from '#runtime/configuration/variable.ts';
import { operationsVariables } from '#runtime/operations-server.ts';
import { certificates } from '#services/edge/config.ts';
import { INSTALLED } from '../installed.ts';
import type { OperationsPort } from '../running/operations-client.ts';
import { configuredValue } from './configured-value.ts';
import { SETUP_VARIABLES } from './setup-variables.ts';

/** What the operator said on the command line; undefined where nothing was said. */
export interface GivenAnswers {
  /** As typed. */
  readonly address: string | undefined;
  /** Valid IP addresses. */
  readonly ipAddresses: readonly string[];
  /** Empty for none. */
  readonly email: string | undefined;
  readonly certificates: CertificateSource | undefined;
  readonly dataFolder: string | undefined;
  readonly port: number | undefined;
  readonly page: string | undefined;
  /** Empty for none. */
  readonly contact: string | undefined;
}

/** Where the TLS certificate comes from, as in `CERTIFICATES`. */
type CertificateSource = ReturnType<typeof certificates.choice.read>;

/** Everything that the set-up needs to know of the gateway. */
export interface Answers {
  /** The Awala address, in canonical form. */
  readonly address: string;
  /** The host that clients connect to. */
  readonly host: string;
  /** The public port in the SRV records. */
  readonly port: number;
  readonly ipAddresses: readonly string[];
  /** The same, if the operator chose them, now or before; null if the machine has them. */
  readonly chosenIpAddresses: readonly string[] | null;
  /** {@link port}, if the operator chose it, now or before; null if the gateway listens on it. */
  readonly chosenPort: number | null;
  readonly certificates: CertificateSource;
  /** Where the certificate authority may write to; empty for none. */
  readonly email: string;
  readonly dataFolder: string;
  /** Where the page for users is written. */
  readonly page: string;
  /** Whom it tells users to tell what is wrong; null if it does not. */
  readonly contact: string | null;
}

/** The public ports, which all sources of a certificate share. */
const { name: hostVariable, host: bindVariable, httpsPort, httpPort } = certificates.groups.files;
const PAGE = 'for-users.txt';

/** What follows from the command line and the configuration that is there, without asking. */
export function answersWithoutAsking(
  given: GivenAnswers,
  configured: Environment,
): Omit<Answers, 'address' | 'host' | 'ipAddresses' | 'email'> {
  const dataFolder = given.dataFolder ?? configured.DATA_DIR ?? INSTALLED.data;
  const chosenPort = given.port ?? configuredValue(SETUP_VARIABLES.port, configured);
  const isGiven = given.ipAddresses.length > 0;
  const chosenIpAddresses = isGiven
    ? given.ipAddresses
    : configuredValue(SETUP_VARIABLES.ipAddresses, configured);
  return {
    chosenIpAddresses,
    chosenPort,
    port: chosenPort ?? configuredValue(httpsPort, configured),
    certificates: given.certificates ?? sourceIn(configured),
    dataFolder,
    page: given.page ?? join(dataFolder, PAGE),
    contact: (given.contact ?? configuredValue(SETUP_VARIABLES.contact, configured)) || null,
  };
}

/** The host in the SRV records: the address itself, unless the operator configured another. */
export function hostOf(address: string, configured: Environment): string {
  return configuredValue(hostVariable, configured) ?? address;
}

/** Where the gateway will listen for the public; no host is every address. */
export function publicPorts(configured: Environment): {
  readonly host: string | null;
  readonly ports: readonly number[];
} {
  const ports = [httpPort, httpsPort].map((variable) => configuredValue(variable, configured));
  return { host: configuredValue(bindVariable, configured), ports };
}

/** Where the gateway tells this machine how it is. */
export function operationsPort(configured: Environment): OperationsPort {
  return {
    host: configuredValue(operationsVariables.host, configured),
    port: configuredValue(operationsVariables.port, configured),
  };
}

/** The variables that the set-up owns; null for those that must not be set. */
export function variablesOf(answers: Answers): Readonly<Record<string, string | null>> {
  const { address, certificates, email, dataFolder, chosenIpAddresses, chosenPort, contact } =
    answers;
  return {
    INTERNET_ADDRESS: address,
    DATA_DIR: dataFolder,
    CERTIFICATES: certificates,
    ...(certificates === 'acme' && { ACME_EMAIL: email === '' ? null : email }),
    [SETUP_VARIABLES.ipAddresses.name]: chosenIpAddresses?.join(',') ?? null,
    [SETUP_VARIABLES.port.name]: chosenPort?.toString() ?? null,
    [SETUP_VARIABLES.contact.name]: contact,
  };
}

/** Unlike a gateway, a set-up sees to TLS where nothing is said. */
function sourceIn(configured: Environment): CertificateSource {
  const { choice } = certificates;
  return configured[choice.name] ? configuredValue(choice, configured) : 'acme';
}
