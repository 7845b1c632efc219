import { isMessageSet, readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { traceOf } from '#log/trace.ts';
import type { GatewayMetrics, SessionKeyKind } from '#metrics/port.ts';
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

interface OpenedCargo {
  readonly plaintext: Uint8Array;
  /** Of ours, for which the cargo was encrypted. */
  readonly keyKind: SessionKeyKind;
  /** Whether it opens for the sender alone: what came under another may be anybody's, whoever signed it. */
  readonly isOwn: boolean;
  readonly senderKey: SessionKey;
  readonly createdAt: Date;
}

const BOUND_KEYS: ReadonlySet<SessionKeyKind> = new Set(['registration', 'bound']);

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
      const opened = await this.#open(stored.body, sender);
      await this.#contents.take(opened ? messagesIn(opened.plaintext) : [], {
        privateGateway: sender,
        cargo: job.key,
        isOwn: opened?.isOwn ?? true,
        log,
        signal: job.signal,
      });
      if (opened) {
        metrics.sessionMessage(opened.keyKind, 'opened');
        await this.#rememberSender(opened, sender);
        freeOctets(opened.plaintext);
      }
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
   * Decrypts a cargo.
   *
   * @returns null for a cargo without a payload, which holds nothing
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} `decryption`, also if there is no key that the sender may use
   */
  async #open(octets: Uint8Array, sender: NodeId): Promise<OpenedCargo | null> {
    const { verifier, sessionKeys } = this.#parts;
    const cargo = verifier.read(octets, 'cargo');
    if (cargo.sender.nodeId !== sender) {
      throw new InvalidMessageError('certificate', 'the cargo is not by whom its key names');
    }
    if (cargo.payload.length === 0) {
      return null;
    }
    const { createdAt } = cargo;
    const envelope = readEnvelopedData(cargo.payload);
    const key = await sessionKeys.openingKey(envelope.recipientKeyId, cargo.sender);
    const { octets: plaintext, isSound } = envelope.attempt(key?.privateKey ?? null);
    const isOwn = key !== null && BOUND_KEYS.has(key.kind);
    // Whether there is a message in what somebody cut or changed must not show.
    if (!key || !isSound || !(isOwn || isMessageSet(plaintext))) {
      throw unreadable();
    }
    return { plaintext, keyKind: key.kind, isOwn, senderKey: envelope.originatorKey, createdAt };
  }

  /**
   * Remembers the session key that came with a cargo, once all else in it was dealt with: the next cargo
   * shows the sender whether it was. One that came under a key which others may use is left to the
   * sender's next CCA, which proves whose it is.
   */
  async #rememberSender(opened: OpenedCargo, sender: NodeId): Promise<void> {
    if (opened.isOwn) {
      const { senderKey, createdAt } = opened;
      await this.#parts.peerSessionKeys.remember(sender, senderKey, createdAt);
    }
  }
}

/**
 * What holds nothing at all is dealt with as a set without messages.
 *
 * @throws {InvalidMessageError} `decryption` while iterating, if the octets are not a message set
 */
function* messagesIn(plaintext: Uint8Array): Generator<Uint8Array, void, undefined> {
  if (plaintext.length === 0) {
    return;
  }
  try {
    yield* readMessageSet(plaintext);
  } catch (error) {
    throw error instanceof MalformedMessageError ? unreadable() : error;
  }
}

/**
 * The one answer, also to operators, to whatever is wrong from decryption on: who
 * signed a cargo may have found its payload, and try it in many forms.
 */
function unreadable(): InvalidMessageError {
  return new InvalidMessageError(
    'decryption',
    'the cargo cannot be decrypted, or holds no set of messages',
  );
}
