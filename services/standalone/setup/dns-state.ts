import type { Answer } from 'dns-packet';
import { AWALA_SERVICES } from '../reach/awala-services.ts';
import { ask, type Dns } from '../reach/find-service.ts';
import { srvValue } from '../reach/zone-file.ts';
import { caaAgainst } from './caa.ts';
import { canonicalIp, type DnsPlan, type NeededRecords, neededRecords } from './records.ts';

/** Records that a name must have, compared with those that it has. */
export interface RecordState {
  readonly needed: NeededRecords;
  /** `wrong` if there are others, which clients might take instead. */
  readonly state: 'there' | 'missing' | 'wrong';
  /** Those that the DNS has instead, as a zone file has them. */
  readonly others: readonly string[];
}

/** What the DNS says of a gateway, compared with what it must say. */
export interface DnsState {
  readonly records: readonly RecordState[];
  /** Whether DNSSEC proves the record that Internet apps look up; null while there is none. */
  readonly isProved: boolean | null;
  /** The CAA record that forbids the certificate authority, and where it is; null if none does. */
  readonly forbiddenBy: string | null;
}

interface LookParts {
  readonly dns: Dns;
  /** How CAA records name the certificate authority; null if there is none to look for. */
  readonly authority: string | null;
}

/**
 * Looks up everything that the DNS must say of a gateway.
 *
 * @throws {ReachError} if the resolver does not answer, or answers with a failure
 */
export async function lookAtDns(plan: DnsPlan, { dns, authority }: LookParts): Promise<DnsState> {
  const proofName = `${AWALA_SERVICES.apps.labels}.${plan.address}`;
  const looked = await Promise.all(
    neededRecords(plan).map(async (needed) => {
      const reply = await ask(dns, needed.name, needed.type);
      const state = compared(needed, reply.answers);
      const isProof = needed.name === proofName && reply.answers.length > 0;
      return { state, isProved: isProof ? reply.isAuthentic : null };
    }),
  );
  return {
    records: looked.map(({ state }) => state),
    isProved: looked.map(({ isProved }) => isProved).find((each) => each !== null) ?? null,
    forbiddenBy: authority === null ? null : await caaAgainst(authority, plan.host, dns),
  };
}

/** Whether clients find the gateway, with or without proof. */
function isFound({ records, forbiddenBy }: DnsState): boolean {
  return forbiddenBy === null && records.every(({ state }) => state === 'there');
}

/** Whether the set-up can go on. */
export function isEnough(state: DnsState, needsProof: boolean): boolean {
  return isFound(state) && (state.isProved === true || !needsProof);
}

function compared(needed: NeededRecords, answers: readonly Answer[]): RecordState {
  const found = answers.flatMap((answer) => recordValues(needed, answer));
  const others = found.filter((value) => !needed.values.includes(value));
  const isComplete = needed.values.every((value) => found.includes(value));
  const present = isComplete ? 'there' : 'missing';
  return { needed, state: others.length > 0 ? 'wrong' : present, others };
}

/** As in {@link NeededRecords.values}; none for an alias on the way to an address. */
function recordValues({ type }: NeededRecords, answer: Answer): readonly string[] {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return answer.type === type ? [canonicalIp(answer.data)] : [];
    case 'SRV':
      return type === 'SRV' ? [srvValue(answer.data.port, answer.data.target)] : [];
    case 'CNAME':
      // Phones and couriers do not follow it.
      return type === 'SRV' ? [`an alias of ${answer.data}`] : [];
    default:
      return [];
  }
}
