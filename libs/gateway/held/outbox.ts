import type { RamfMessage } from '#awala/ramf/message.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { ObjectKey, ObjectStore, StoringOptions } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { internetBoundKey } from './object-keys.ts';
import { queueStored } from './queue-stored.ts';
import { INTERNET_DELIVERY_TOPIC } from './topics.ts';

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
   * Stores a verified parcel, then queues its delivery. Durable once it resolves, even if the queue
   * is down: the sweeper queues what has no job.
   *
   * @param internetAddress - the recipient's, in canonical form
   * @param options.replaces - whether another parcel under the same ids came before: if that one's job was
   *   set aside, this one's must not stay so
   * @returns where it is stored
   * @throws {BackingError} if it could not be stored
   */
  async store(
    parcel: RamfMessage,
    internetAddress: string,
    { replaces = false, ...options }: StoringOptions & { readonly replaces?: boolean } = {},
  ): Promise<ObjectKey> {
    const key = outboxKey(parcel, internetAddress);
    const { expiresAt } = parcel;
    await this.#parts.objects.put(key, parcel.octets, { expiresAt, ...options });
    logStep(this.#parts.log, 'stored', key, { octets: parcel.octets.byteLength });
    await queueStored({ topic: INTERNET_DELIVERY_TOPIC, key, expiresAt }, this.#parts);
    if (replaces) {
      await this.#replay(key);
    }
    return key;
  }

  async #replay(key: ObjectKey): Promise<void> {
    const { queue, log } = this.#parts;
    try {
      await queue.replay(INTERNET_DELIVERY_TOPIC, key);
    } catch (error) {
      if (!(error instanceof BackingUnavailableError)) {
        throw error;
      }
      log.debug(
        { error, key },
        'It is not known whether the job of a replaced parcel is set aside',
      );
    }
  }
}

/**
 * The key of a parcel for the Internet.
 *
 * @param internetAddress - the recipient's, in canonical form
 */
export function outboxKey(
  { recipient, sender, id }: RamfMessage,
  internetAddress: string,
): ObjectKey {
  return internetBoundKey({
    sender: sender.nodeId,
    recipientAddress: internetAddress,
    recipientId: recipient.id,
    parcelId: id,
  });
}
