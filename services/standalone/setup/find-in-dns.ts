import type { Clock } from '#clock/clock.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { notedAddress } from '../noted-address.ts';
import type { Dns } from '../reach/find-service.ts';
import { ReachError } from '../reach/reach-error.ts';
import type { Answers } from './answers.ts';
import { awaitDns } from './await-dns.ts';
import type { ClockCheck } from './clock-check.ts';
import { type DnsState, isEnough, lookAtDns } from './dns-state.ts';
import { whyNotPublic } from './not-public.ts';
import { adviceOn, formLines, zoneLines } from './record-words.ts';
import { neededRecords } from './records.ts';
import type { Terminal } from './terminal.ts';

interface FindOptions {
  /** Whether to ask when the records are there. */
  readonly asks: boolean;
  /** How long to wait for the DNS, in milliseconds. */
  readonly dnsPatienceMs: number;
  readonly needsProof: boolean;
}

interface FindParts {
  readonly clock: Clock;
  readonly clockCheck: ClockCheck;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly openDns: (configured: Environment) => Dns;
  readonly configured: Environment;
}

/**
 * Says which records the DNS must have, and waits until they are there. Of a gateway that has run
 * before, they are looked for first; before, a look would let resolvers remember that there are none.
 *
 * @throws {SetupError}
 */
export async function findInDns(
  answers: Answers,
  options: FindOptions,
  parts: FindParts,
): Promise<void> {
  const { terminal, clockCheck, configured } = parts;
  for (const why of answers.ipAddresses.map(whyNotPublic).filter((each) => each !== null)) {
    terminal.print(`! ${why}`);
  }
  const dns = parts.openDns(configured);
  const authority = authorityOf(answers, configured);
  const looking = { ...parts, ...options, dns, authority };
  const hasRun = (await notedAddress(answers.dataFolder)) === answers.address;
  let state = hasRun ? await enoughAtOnce(answers, looking) : null;
  if (state === null) {
    await sayWhatIsNeeded(answers, looking);
    clockCheck.check();
    state = await awaitDns(answers, { ...looking, patienceMs: options.dnsPatienceMs });
  }
  terminal.print(`✓ DNS            leads to ${answers.host}:${answers.port}`);
  if (!state.isProved) {
    terminal.print(
      '! DNSSEC         proves nothing yet: Internet apps deliver nothing here until it does.',
    );
  }
}

/** As CAA records name it; other directories than the default have names that we do not know. */
function authorityOf(
  { certificates }: Answers,
  { ACME_DIRECTORY = '' }: Environment,
): string | null {
  return certificates === 'acme' && ACME_DIRECTORY === '' ? 'letsencrypt.org' : null;
}

type LookingParts = FindParts &
  FindOptions & { readonly dns: Dns; readonly authority: string | null };

/** @returns null if something is missing, or nobody knows */
async function enoughAtOnce(
  answers: Answers,
  { clockCheck, needsProof, ...looking }: LookingParts,
): Promise<DnsState | null> {
  try {
    const state = await lookAtDns(answers, looking);
    clockCheck.check();
    return isEnough(state, needsProof) ? state : null;
  } catch (error) {
    if (error instanceof ReachError) {
      return null;
    }
    throw error;
  }
}

async function sayWhatIsNeeded(
  answers: Answers,
  { terminal, signal, asks }: LookingParts,
): Promise<void> {
  const records = neededRecords(answers);
  const block = (lines: readonly string[]) => lines.map((line) => `    ${line}`).join('\n');
  terminal.print(`\nThe DNS must have these records, as a zone file has them:\n
${block(zoneLines(records))}\n
or, in the fields of a web form:\n
${block(formLines(records, answers))}\n
${adviceOn(answers).join('\n')}\n`);
  if (asks) {
    const question = 'Press Enter when you have added them, or if they are there:';
    await terminal.ask(question, signal, 'Repeat the same line when they are there.');
  }
}
