import { MalformedMessageError } from '#awala/errors.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Log } from '#log/log.ts';
import type { CallPatience, ObjectStore } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { canonicalInternetAddress } from './internet-address.ts';
import { internetBoundKey } from './object-keys.ts';
import { queueStored } from './queue-stored.ts';

/** Jobs of this topic carry the keys of parcels to post to their Internet address. */
export const INTERNET_DELIVERY_TOPIC = 'internet-delivery';

interface OutboxParts {
  readonly objects: ObjectStore;
  readonly queue: WorkQueue;
  readonly log: Log;
}

/** The parcels bound for other Internet addresses, until they are delivered or expire. */
export class Outbox {
  readonly #parts: OutboxParts;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /**
   * Stores a verified parcel, then queues its delivery. Durable once it resolves,
   * even if the queue is down: the sweeper queues what is stored and has no job.
   *
   * @throws {MalformedMessageError} if its recipient's Internet address is none
   * @throws {BackingUnavailableError | BackingFullError} if it could not be stored
   */
  async store(parcel: RamfMessage, patience?: CallPatience): Promise<void> {
    const address = canonicalInternetAddress(parcel.recipient.internetAddress ?? '');
    if (address === null) {
      throw new MalformedMessageError('the recipient’s Internet address is not a domain name');
    }
    const key = internetBoundKey({
      sender: parcel.sender.nodeId,
      recipientAddress: address,
      recipientId: parcel.recipient.id,
      parcelId: parcel.id,
    });
    const { expiresAt } = parcel;
    await this.#parts.objects.put(key, parcel.octets, { expiresAt, ...patience });
    await queueStored(
      { what: 'parcel', topic: INTERNET_DELIVERY_TOPIC, key, expiresAt },
      this.#parts,
    );
  }
}
