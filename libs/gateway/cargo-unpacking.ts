import { readMessageSet } from '#awala/cargo/message-set.ts';
import { type EnvelopedData, readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { traceOf } from '#log/trace.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore, StoredObject } from '#object-store/port.ts';
import { type Job, PoisonJobError, RetryLaterError } from '#work-queue/port.ts';
import { CargoContents, type CargoContentsParts } from './cargo-contents.ts';
import { type ExpiryParts, isExpired } from './expiry.ts';
import { senderOfCargoKey } from './object-keys.ts';
import type { PeerSessionKeys } from './peer-session-keys.ts';
import { backingFailuresRetried } from './retry-backing.ts';
import type { SessionKeys } from './session-keys.ts';

export interface CargoUnpackingParts extends CargoContentsParts, ExpiryParts {
  readonly objects: ObjectStore;
  readonly verifier: MessageVerifier;
  readonly sessionKeys: SessionKeys;
  readonly peerSessionKeys: PeerSessionKeys;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/**
 * Unpacks the cargoes that couriers brought: decrypts them, and takes in what is
 * inside. A cargo is deleted once all of it was dealt with.
 *
 * Cargoes were verified before they were stored, under a key that names their
 * sender; so signatures are not verified again. What cannot be decrypted stays
 * stored until it expires, for somebody to look into.
 */
export class CargoUnpacking {
  readonly #parts: CargoUnpackingParts;
  readonly #contents: CargoContents;

  /** @param limits.itemConcurrency - items of one cargo dealt with at once */
  constructor(parts: CargoUnpackingParts, limits: { readonly itemConcurrency: number }) {
    this.#parts = parts;
    this.#contents = new CargoContents(parts, limits);
  }

  /**
   * Handles a job of the topic `CARGO_TOPIC`.
   *
   * @throws {PoisonJobError} if the cargo cannot be read or decrypted
   * @throws {RetryLaterError} if a backing service failed; what was done of the cargo is not done again
   */
  readonly handle = async (job: Job): Promise<void> => {
    const sender = senderOfCargoKey(job.key);
    if (sender === null) {
      throw new PoisonJobError('the key is not that of a cargo');
    }
    await backingFailuresRetried(this.#parts.clock, () => this.#handle(job, sender));
  };

  async #handle(job: Job, sender: NodeId): Promise<void> {
    const { objects, clock, metrics, log } = this.#parts;
    const stored = await objects.get(job.key);
    if (!stored) {
      return;
    }
    const hasExpired = isExpired(stored, this.#parts);
    if (hasExpired) {
      metrics.expired('cargo', 1);
    } else {
      await this.#unpack(stored, job, sender);
    }
    if (!(await objects.delete(job.key, { generation: stored.generation }))) {
      // It may have been brought again meanwhile, when its job could not be queued again.
      throw new RetryLaterError('the cargo was replaced or removed while it was unpacked', {
        notBefore: clock.now(),
      });
    }
    logStep(log, hasExpired ? 'expired' : 'deleted', job.key, { peer: sender });
  }

  async #unpack(stored: StoredObject, job: Job, sender: NodeId): Promise<void> {
    const { metrics, log } = this.#parts;
    try {
      const plaintext = await this.#open(stored.body, sender);
      // What holds nothing at all is dealt with as a set without messages.
      const items = plaintext.length === 0 ? [] : readMessageSet(plaintext);
      await this.#contents.take(items, {
        privateGateway: sender,
        cargo: job.key,
        log,
        signal: job.signal,
      });
      freeOctets(plaintext);
    } catch (error) {
      const isMalformed = error instanceof MalformedMessageError;
      if (!isMalformed && !(error instanceof InvalidMessageError)) {
        throw error;
      }
      const reason = isMalformed ? 'malformed' : error.reason;
      metrics.cargoRefused(reason);
      const fields = { trace: traceOf(job.key), peer: sender, reason, detail: error.message };
      log.info(fields, 'A cargo could not be unpacked');
      throw new PoisonJobError(error.message, { cause: error });
    }
  }

  /**
   * Decrypts a cargo, and remembers the session key that came with it.
   *
   * @returns nothing for a cargo without a payload, which holds nothing
   * @throws {MalformedMessageError | InvalidMessageError}
   */
  async #open(octets: Uint8Array, sender: NodeId): Promise<Uint8Array> {
    const { verifier, peerSessionKeys } = this.#parts;
    const cargo = verifier.read(octets, 'cargo');
    if (cargo.sender.nodeId !== sender) {
      throw new InvalidMessageError('certificate', 'the cargo is not by whom its key names');
    }
    if (cargo.payload.length === 0) {
      return cargo.payload;
    }
    const envelope = readEnvelopedData(cargo.payload);
    const plaintext = await this.#decrypt(envelope, cargo);
    await peerSessionKeys.remember(sender, envelope.originatorKey, cargo.createdAt);
    return plaintext;
  }

  async #decrypt(envelope: EnvelopedData, { sender }: RamfMessage): Promise<Uint8Array> {
    const { sessionKeys, metrics } = this.#parts;
    const key = await sessionKeys.openingKey(envelope.recipientKeyId, sender);
    if (!key) {
      throw new InvalidMessageError('decryption', 'the cargo is encrypted for an unknown key');
    }
    const plaintext = envelope.decrypt(key.privateKey);
    metrics.sessionMessage(key.kind, 'opened');
    return plaintext;
  }
}
