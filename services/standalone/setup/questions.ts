import { isIP } from 'node:net';
import { typedInternetAddress } from '#awala/internet-address.ts';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';
import { type Environment, VariableFault } from '#runtime/configuration/variable.ts';
import { certificates } from '#services/edge/config.ts';
import { notedAddress } from '../noted-address.ts';
import { type Answers, answersWithoutAsking, type GivenAnswers, hostOf } from './answers.ts';
import { objectionTo } from './not-public.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { SetupError } from './setup-error.ts';
import type { Terminal } from './terminal.ts';

const MAX_ATTEMPTS = 5;

interface QuestionParts {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly ownAddresses: OwnAddresses;
  /** Whether to ask; otherwise a missing answer is an error that names its option. */
  readonly asks: boolean;
}

/** A question, and what the answer must be. */
interface Question<Answer> {
  readonly text: string;
  /** What is the case where nobody can be asked. */
  readonly otherwise: string;
  /** The option that answers it, and its argument. */
  readonly option: string;
  /** @returns undefined for an answer that will not do */
  readonly read: (text: string) => Answer | undefined;
  readonly wanted: string;
  /** Says why an answer will not do, where that is more than what is wanted. */
  readonly objection?: (text: string) => string | null;
}

/**
 * Finds out what the set-up needs to know: from the command line, the configuration and
 * the data that are there, the machine, and last the operator.
 *
 * @throws {SetupError}
 */
export async function settleAnswers(
  given: GivenAnswers,
  configured: Environment,
  parts: QuestionParts,
): Promise<Answers> {
  const known = answersWithoutAsking(given, configured);
  const had = configured.INTERNET_ADDRESS ?? (await notedAddress(known.dataFolder)) ?? undefined;
  const address = await settleAddress(given.address ?? had, parts);
  const ipAddresses = await settleIpAddresses(known.chosenIpAddresses, configured, parts);
  const email = known.certificates === 'acme' ? await settleEmail(given, configured, parts) : '';
  const host = hostOf(address, configured);
  return { ...known, ...ipAddresses, address, host, email };
}

async function settleAddress(typed: string | undefined, parts: QuestionParts): Promise<string> {
  const question: Question<string> = {
    text: 'The gateway’s Awala address, a domain name of yours such as gateway.example.org:',
    otherwise: 'the gateway has no address yet',
    option: 'it as the argument: awala-gateway setup gateway.example.org',
    read: (text) => typedInternetAddress(text) ?? undefined,
    wanted: 'a domain name of two labels or more, such as gateway.example.org',
  };
  if (typed === undefined) {
    return answerTo(question, parts);
  }
  const address = question.read(typed);
  if (address === undefined) {
    throw new SetupError(`“${typed}” is not ${question.wanted}`, `Give ${question.option}`);
  }
  if (address !== typed.toLowerCase().replace(/\.$/, '')) {
    parts.terminal.print(`In the DNS, and on phones, ${typed} is ${address}.`);
  }
  return address;
}

async function settleIpAddresses(
  chosen: readonly string[] | null,
  configured: Environment,
  parts: QuestionParts,
): Promise<Pick<Answers, 'ipAddresses' | 'chosenIpAddresses'>> {
  if (chosen) {
    return { ipAddresses: chosen, chosenIpAddresses: chosen };
  }
  const { addresses, hasPrivateIpv4 } = await parts.ownAddresses();
  if (addresses.length === 0) {
    const asked = await askIpAddresses(parts);
    return { ipAddresses: asked, chosenIpAddresses: asked };
  }
  const isBehindRouter = hasPrivateIpv4 && !addresses.some((each) => isIP(each) === 4);
  const router = isBehindRouter ? await settleRouter(addresses, configured, parts) : null;
  return router === null
    ? { ipAddresses: addresses, chosenIpAddresses: null }
    : { ipAddresses: [router, ...addresses], chosenIpAddresses: [router, ...addresses] };
}

function askIpAddresses(parts: QuestionParts): Promise<readonly string[]> {
  parts.terminal.print('This machine has no public address of its own, as behind a router (NAT).');
  return answerTo(
    {
      text: 'The public address that leads to ports 80 and 443 of this machine:',
      otherwise: 'it is not known which public address leads here',
      option: '--address IP',
      read: (text) => {
        const addresses = addressesIn(text);
        return addresses.length > 0 && addresses.every(isPublicAddress) ? addresses : undefined;
      },
      wanted: 'an IP address, or several with blanks between',
      objection: objectionToOneOf,
    },
    parts,
  );
}

/** @returns the public IPv4 address of the router that leads here, if there is one */
async function settleRouter(
  own: readonly string[],
  { INTERNET_ADDRESS }: Environment,
  parts: QuestionParts,
): Promise<string | null> {
  if (!parts.asks || INTERNET_ADDRESS !== undefined) {
    const options = ['<IPv4>', ...own].map((each) => `--address ${each}`).join(' ');
    parts.terminal.print(
      `! This machine has no public IPv4 address. If a router forwards ports 80 and 443 to it: ${options}`,
    );
    return null;
  }
  const answer = await answerTo(
    {
      text: 'The router’s public IPv4 address, if it forwards ports 80 and 443 to this machine (Enter for none):',
      otherwise: '',
      option: '--address IP',
      read: (text) =>
        text === '' || (isIP(text) === 4 && isPublicAddress(text)) ? text : undefined,
      wanted: 'an IPv4 address, or nothing',
      objection: objectionToOneOf,
    },
    parts,
  );
  return answer === '' ? null : answer;
}

function objectionToOneOf(text: string): string | null {
  const addresses = addressesIn(text);
  return addresses.every((each) => isIP(each) > 0)
    ? (addresses.map(objectionTo).find((each) => each !== null) ?? null)
    : null;
}

function addressesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

async function settleEmail(
  given: GivenAnswers,
  configured: Environment,
  parts: QuestionParts,
): Promise<string> {
  const known = given.email ?? configured.ACME_EMAIL;
  if (known !== undefined || !parts.asks || configured.CERTIFICATES === 'acme') {
    return known ?? '';
  }
  return answerTo(
    {
      text: 'Your e-mail address, for the certificate authority (Enter for none):',
      otherwise: '',
      option: '--email ADDRESS',
      read: (text) => (text === '' || isEmail(text) ? text : undefined),
      wanted: 'an e-mail address, or nothing',
    },
    parts,
  );
}

/** Whether the gateway takes a text for the e-mail address of its operator. */
export function isEmail(text: string): boolean {
  try {
    return certificates.groups.acme.email.read(text) !== null;
  } catch (error) {
    if (error instanceof VariableFault) {
      return false;
    }
    throw error;
  }
}

async function answerTo<Answer>(
  { text, otherwise, option, read, wanted, objection }: Question<Answer>,
  { asks, terminal, signal }: QuestionParts,
): Promise<Answer> {
  if (!asks) {
    throw new SetupError(otherwise, `Give ${option}`);
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const typed = await terminal.ask(text, signal);
    const answer = read(typed);
    if (answer !== undefined) {
      return answer;
    }
    terminal.print(objection?.(typed) ?? `“${typed}” is not ${wanted}.`);
  }
  throw new SetupError(`no answer was ${wanted}`, `Give ${option}`);
}
