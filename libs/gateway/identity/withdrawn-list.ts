import { hash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';

/** Most that one private gateway may have withdrawn at a time; 32 octets each. */
export const MAX_WITHDRAWN = 512;

/** One authorisation or certificate that is withdrawn, or all authorisations of an endpoint. */
export interface Withdrawal {
  /** By {@link nameOf}. */
  readonly name: string;
  /** Authorisations that start later are good; infinite for a single one, whatever its dates. */
  readonly upToMs: number;
  readonly expiresAtMs: number;
}

const NAME_OCTETS = 16;
const ENTRY_OCTETS = NAME_OCTETS + 16;

/**
 * The name under which an authorisation is withdrawn, in latin1. It holds no id: only whoever has the
 * ids can tell what it names.
 *
 * @param serialNumber - null for all authorisations of the endpoint
 */
export function nameOf(endpoint: NodeId, serialNumber: string | null): string {
  const digest = hash('sha256', `${endpoint} ${serialNumber ?? 'all'}`, 'buffer');
  return digest.toString('latin1', 0, NAME_OCTETS);
}

/** The same for a certificate that we issued to the private gateway. */
export function nameOfCertificate(serialNumber: string): string {
  return nameOf('certificate', serialNumber);
}

/** Whether an authorisation that starts at `startsAt` is withdrawn under `name`. */
export function isWithdrawn(
  list: Uint8Array,
  name: string,
  { startsAt, now }: { readonly startsAt: Date; readonly now: Date },
): boolean {
  const octets = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  for (let at = octets.indexOf(name, 0, 'latin1'); at >= 0; ) {
    if (at % ENTRY_OCTETS === 0) {
      const { upToMs, expiresAtMs } = entryAt(octets, at);
      return now.getTime() < expiresAtMs && startsAt.getTime() <= upToMs;
    }
    at = octets.indexOf(name, at + 1, 'latin1');
  }
  return false;
}

/** A list with more withdrawn. */
interface Extended {
  readonly list: Uint8Array;
  /** When all in the list has expired. */
  readonly expiresAt: Date;
  /** False if all was withdrawn before, and for as long. */
  readonly isChanged: boolean;
  /** How many of the groups found no room. */
  readonly left: number;
}

/**
 * Adds to a list, and drops from it what has expired.
 *
 * @param groups - each is added wholly or not at all
 */
export function extended(
  list: Uint8Array,
  groups: readonly (readonly Withdrawal[])[],
  now: Date,
): Extended {
  const entries = new Map<string, Withdrawal>();
  const octets = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  for (let at = 0; at + ENTRY_OCTETS <= octets.length; at += ENTRY_OCTETS) {
    const entry = entryAt(octets, at);
    if (entry.expiresAtMs > now.getTime()) {
      entries.set(entry.name, entry);
    }
  }
  let isChanged = false;
  let left = 0;
  for (const group of groups) {
    const names = new Set(group.map(({ name }) => name));
    const more = [...names].filter((name) => !entries.has(name)).length;
    if (entries.size + more > MAX_WITHDRAWN) {
      left += 1;
      continue;
    }
    for (const withdrawal of group) {
      isChanged = add(entries, withdrawal) || isChanged;
    }
  }
  const all = [...entries.values()];
  const expiresAt = new Date(Math.max(0, ...all.map(({ expiresAtMs }) => expiresAtMs)));
  return { list: Buffer.concat(all.map(octetsOf)), expiresAt, isChanged, left };
}

/** What comes again, in whichever order, undoes nothing. */
function add(entries: Map<string, Withdrawal>, withdrawal: Withdrawal): boolean {
  const { name, upToMs, expiresAtMs } = withdrawal;
  const earlier = entries.get(name);
  if (earlier && earlier.upToMs >= upToMs && earlier.expiresAtMs >= expiresAtMs) {
    return false;
  }
  entries.set(name, {
    name,
    upToMs: Math.max(upToMs, earlier?.upToMs ?? 0),
    expiresAtMs: Math.max(expiresAtMs, earlier?.expiresAtMs ?? 0),
  });
  return true;
}

function entryAt(octets: Buffer, at: number): Withdrawal {
  return {
    name: octets.toString('latin1', at, at + NAME_OCTETS),
    upToMs: octets.readDoubleBE(at + NAME_OCTETS),
    expiresAtMs: octets.readDoubleBE(at + NAME_OCTETS + 8),
  };
}

function octetsOf({ name, upToMs, expiresAtMs }: Withdrawal): Buffer {
  const octets = Buffer.alloc(ENTRY_OCTETS);
  octets.write(name, 'latin1');
  octets.writeDoubleBE(upToMs, NAME_OCTETS);
  octets.writeDoubleBE(expiresAtMs, NAME_OCTETS + 8);
  return octets;
}
