import { DerRegion } from '../der/writer.ts';
import { layOutMessage } from '../ramf/message-writer.ts';
import type { OutgoingCargo } from './pack-cargo.ts';

/**
 * Most octets that encryption adds to a cargo's plaintext of up to 16 MiB: a whole block of
 * padding, session keys on P-521, key ids of 64 and 8 octets. Keys on P-256 with ids of 8, which
 * deployed peers use, add 126 less.
 */
const MAX_ENVELOPE_OVERHEAD_OCTETS = 487;

/**
 * The largest plaintext for which the cargo has at most `maxOctets`, whatever the session's keys.
 * Smaller keys leave some of that unused.
 *
 * @param maxOctets - of the serialised cargo, under 8 MiB
 * @param cargo - as it would be packed
 * @throws {RangeError} if a field is out of bounds
 */
export function maxPlaintextOctets(
  maxOctets: number,
  cargo: Omit<OutgoingCargo, 'messages' | 'encryption'>,
): number {
  const payload = new DerRegion(maxOctets);
  const { octets } = layOutMessage({ ...cargo, type: 'cargo', payload }).value;
  return maxOctets - (octets - maxOctets) - MAX_ENVELOPE_OVERHEAD_OCTETS;
}
