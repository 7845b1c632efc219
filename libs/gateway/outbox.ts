import { MalformedMessageError } from '#awala/errors.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { canonicalInternetAddress } from './internet-address.ts';
import { internetBoundKey } from './object-keys.ts';

/** Jobs of this topic carry the keys of parcels to post to their Internet address. */
export const INTERNET_DELIVERY_TOPIC = 'internet-delivery';

/** The parcels bound for other Internet addresses, until they are delivered or expire. */
export class Outbox {
  readonly #objects: ObjectStore;
  readonly #queue: WorkQueue;
  readonly #log: Log;

  constructor(parts: {
    readonly objects: ObjectStore;
    readonly queue: WorkQueue;
    readonly log: Log;
  }) {
    this.#objects = parts.objects;
    this.#queue = parts.queue;
    this.#log = parts.log;
  }

  /**
   * Stores a verified parcel, then queues its delivery. Durable once it resolves,
   * even if the queue is down: the sweeper queues what is stored and has no job.
   *
   * @throws {MalformedMessageError} if its recipient's Internet address is none
   * @throws {BackingUnavailableError | BackingFullError} if it could not be stored
   */
  async store(parcel: RamfMessage): Promise<void> {
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
    await this.#objects.put(key, parcel.octets, { expiresAt });
    await this.#enqueue(key, expiresAt);
  }

  async #enqueue(key: string, expiresAt: Date): Promise<void> {
    try {
      await this.#queue.enqueue(INTERNET_DELIVERY_TOPIC, key, { expiresAt });
    } catch (error) {
      if (!(error instanceof BackingUnavailableError)) {
        throw error;
      }
      this.#log.warn({ error, key }, 'A stored parcel was not queued; the sweeper will queue it');
    }
  }
}
