import { layOutEnvelopedData, type SessionEncryption } from '../cms/enveloped-data-writer.ts';
import { encodeDer } from '../der/writer.ts';
import { layOutMessage, type OutgoingMessage } from '../ramf/message-writer.ts';
import { messageSetDer } from './message-set.ts';

/** A cargo to pack: the fields of the message, with `messages` for payload. */
export interface OutgoingCargo extends Omit<OutgoingMessage, 'type' | 'payload'> {
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
