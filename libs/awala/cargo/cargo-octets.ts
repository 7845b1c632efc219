import { DerRegion } from '../der/writer.ts';
import { layOutMessage } from '../ramf/message-writer.ts';
import type { OutgoingCargo } from './pack-cargo.ts';

/**
 * What encryption adds to the plaintext of a cargo of up to 16 MiB, in octets, at
 * most: the whole block of padding, session keys on P-521, key ids of 64 and 8
 * octets. Keys on P-256 with ids of 8, which the deployed peers have, add 126 less.
 */
const MAX_ENVELOPE_OVERHEAD_OCTETS = 487;

/**
 * How much plaintext makes a cargo of at most `maxOctets`, whatever the session's
 * keys. Exact but for what those may be shorter by.
 *
 * @param maxOctets - of the serialised cargo, under 8 MiB
 * @param cargo - as it would be packed
 * @throws {RangeError} if a field is beyond its bound
 */
export function maxPlaintextOctets(
  maxOctets: number,
  cargo: Omit<OutgoingCargo, 'messages' | 'encryption'>,
): number {
  const payload = new DerRegion(maxOctets);
  const { octets } = layOutMessage({ ...cargo, type: 'cargo', payload }).value;
  return maxOctets - (octets - maxOctets) - MAX_ENVELOPE_OVERHEAD_OCTETS;
}
