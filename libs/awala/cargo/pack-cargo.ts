import { layOutEnvelopedData, type SessionEncryption } from '../cms/enveloped-data-writer.ts';
import { DerRegion, encodeDer } from '../der/writer.ts';
import { layOutMessage, type OutgoingMessage } from '../ramf/message-writer.ts';
import { messageSetDer } from './message-set.ts';

/** A cargo to pack: the fields of the message, with `messages` for payload. */
interface OutgoingCargo extends Omit<OutgoingMessage, 'type' | 'payload'> {
  /** Serialised parcels, acknowledgements and rotations, at most what a `CargoBatch` takes. */
  readonly messages: readonly Uint8Array[];
  readonly encryption: SessionEncryption;
}

/**
 * Packs messages into a cargo: frames, encrypts and signs them in one buffer of the final size, the
 * only large allocation. Each message is copied once, and encrypted in place.
 *
 * @throws {RangeError} if a field is out of bounds, or the messages are too many for one cargo
 * @throws {InvalidMessageError} if the recipient's session key cannot be used (`algorithm`)
 * @see RS-000 "Cargo"
 */
export async function packCargo(cargo: OutgoingCargo): Promise<Uint8Array<ArrayBuffer>> {
  const payload = layOutEnvelopedData(messageSetDer(cargo.messages), cargo.encryption);
  const message = layOutMessage({ ...cargo, type: 'cargo', payload: payload.value });
  const serialised = encodeDer(message.value);
  payload.encrypt();
  await message.seal();
  return serialised;
}

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
