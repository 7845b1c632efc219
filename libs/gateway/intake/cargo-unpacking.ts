import { MessageFault } from '#awala/errors.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { traceOf } from '#log/trace.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore, StoredObject } from '#object-store/port.ts';
import { type Job, PoisonJobError, RetryLaterError } from '#work-queue/port.ts';
import { type ExpiryParts, isExpired } from '../held/expiry.ts';
import { senderOfCargoKey } from '../held/object-keys.ts';
import { isEstablished } from '../identity/established.ts';
import type { PeerSessionKeys } from '../identity/sessions/peer-session-keys.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import { backingFailuresRetried } from '../retry-backing.ts';
import { CargoContents, type CargoContentsParts } from './cargo-contents.ts';
import {
  CargoOpening,
  type CargoOpeningParts,
  messagesIn,
  type OpenedCargo,
} from './cargo-opening.ts';

/** After this, cargo of a private gateway that was unblocked is unpacked at the latest. */
const BLOCKED_PAUSE_MS = 600_000;

interface CargoUnpackingParts extends CargoContentsParts, CargoOpeningParts, ExpiryParts {
  readonly objects: ObjectStore;
  readonly policy: Pick<PeerPolicy, 'blockOf'>;
  readonly peerSessionKeys: PeerSessionKeys;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/**
 * Unpacks cargo that couriers delivered: decrypts it, processes its contents, and then deletes it.
 *
 * Cargo was verified before it was stored, under a key that names its sender, so signatures are not
 * verified again. Undecryptable cargo stays stored until it expires, for somebody to look into.
 *
 * Cargo of a private gateway that was blocked meanwhile stays stored while it is blocked; if it may
 * still collect, only the acknowledgements in its cargo are heeded.
 */
export class CargoUnpacking {
  readonly #parts: CargoUnpackingParts;
  readonly #opening: CargoOpening;
  readonly #contents: CargoContents;

  /** @param limits.itemConcurrency - items of one cargo processed at once */
  constructor(parts: CargoUnpackingParts, limits: { readonly itemConcurrency: number }) {
    this.#parts = parts;
    this.#opening = new CargoOpening(parts);
    this.#contents = new CargoContents(parts, limits);
  }

  /**
   * Handles a job of the topic `CARGO_TOPIC`.
   *
   * @throws {PoisonJobError} if the cargo cannot be read or decrypted
   * @throws {RetryLaterError} if a backing service failed; what was processed is not processed
   * again. Also if the sender is blocked
   */
  readonly handle = async (job: Job): Promise<void> => {
    const sender = senderOfCargoKey(job.key);
    if (sender === null) {
      throw new PoisonJobError('the key is not that of a cargo');
    }
    this.#requireUnblocked(sender);
    await backingFailuresRetried(this.#parts.clock, () => this.#handle(job, sender));
  };

  #requireUnblocked(sender: NodeId): void {
    const { policy, clock } = this.#parts;
    const block = policy.blockOf(sender);
    if (block && !block.mayCollect) {
      const notBefore = new Date(clock.now().getTime() + BLOCKED_PAUSE_MS);
      const detail = 'the private gateway that sent the cargo is blocked';
      throw new RetryLaterError(detail, { notBefore, isAttempt: false });
    }
  }

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
      // It may have been delivered again meanwhile, when its job could not be queued.
      throw new RetryLaterError('the cargo was replaced or removed while it was unpacked', {
        notBefore: clock.now(),
      });
    }
    logStep(log, hasExpired ? 'expired' : 'deleted', job.key, { peer: sender });
  }

  async #unpack(stored: StoredObject, job: Job, sender: NodeId): Promise<void> {
    const { clock, metrics, log } = this.#parts;
    try {
      const opened = await this.#opening.open(stored.body, sender);
      await this.#contents.take(opened ? messagesIn(opened) : [], {
        privateGateway: sender,
        isEstablished: opened !== null && isEstablished(opened.certificate, clock.now()),
        cargo: job.key,
        isOwn: opened?.isOwn ?? true,
        bringsParcels: this.#parts.policy.blockOf(sender) === null,
        log,
        signal: job.signal,
      });
      if (opened) {
        metrics.sessionMessage(opened.keyKind, 'opened');
        await this.#rememberSender(opened, sender);
        freeOctets(opened.plaintext);
      }
    } catch (error) {
      if (!(error instanceof MessageFault)) {
        throw error;
      }
      const reason = error.code;
      metrics.cargoRefused(reason);
      const fields = { trace: traceOf(job.key), peer: sender, reason, detail: error.message };
      log.info(fields, 'A cargo could not be unpacked');
      throw new PoisonJobError(error.message, { cause: error });
    }
  }

  /**
   * Remembers the session key of a cargo once everything else is done: the next cargo shows the
   * sender whether it was. If the cargo's own key was open to others, the sender's next CCA, which
   * proves whose key it is, brings it.
   */
  async #rememberSender(opened: OpenedCargo, sender: NodeId): Promise<void> {
    if (opened.isOwn) {
      const { senderKey, createdAt } = opened;
      await this.#parts.peerSessionKeys.remember(sender, senderKey, createdAt);
    }
  }
}
