import { InvalidMessageError, isMessageFault, reasonOf } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics, RefusalReason } from '#metrics/port.ts';
import type { ObjectKey, ObjectStore } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { cargoKey } from '../held/object-keys.ts';
import { queueStored } from '../held/queue-stored.ts';
import { CARGO_TOPIC } from '../held/topics.ts';
import type { Identity } from '../identity/identity.ts';

export interface CargoIntakeParts {
  readonly objects: ObjectStore;
  readonly queue: WorkQueue;
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** What became of a cargo; either way its courier need not keep it. */
type CargoReceipt =
  | {
      readonly outcome: 'stored';
      readonly key: ObjectKey;
      readonly sender: NodeId;
      readonly cargoId: string;
    }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason };

/**
 * Takes cargo in from couriers: verifies it, stores it, and queues it to be
 * unpacked.
 *
 * @see RS-000 "Cargo Relay Binding"
 */
export class CargoIntake {
  readonly #parts: CargoIntakeParts;

  constructor(parts: CargoIntakeParts) {
    this.#parts = parts;
  }

  /**
   * Stores a cargo that one of our private gateways signed for us; any other is
   * counted and dropped, since no courier can make it good. What it resolves for
   * as stored is durable, and will be unpacked even if the queue is down: the
   * sweeper queues what is stored and has no job.
   *
   * @throws {BackingUnavailableError | BackingFullError} if it could not be verified or stored: the
   *   courier must keep it
   * @param log - of the call that brings it; carries no node's id
   */
  async accept(octets: Uint8Array, log: Log = this.#parts.log): Promise<CargoReceipt> {
    const { objects, metrics, queue } = this.#parts;
    let cargo: RamfMessage;
    try {
      cargo = await this.#verify(octets);
    } catch (error) {
      return this.#refuse(error, log);
    }
    const sender = cargo.sender.nodeId;
    const key = cargoKey({ sender, cargoId: cargo.id });
    const { expiresAt } = cargo;
    await objects.put(key, octets, { expiresAt });
    logStep(log, 'stored', key, { octets: octets.byteLength });
    await queueStored({ topic: CARGO_TOPIC, key, expiresAt }, { queue, log });
    metrics.cargoAccepted();
    logStep(log, 'accepted', key, { peer: sender, octets: octets.byteLength });
    return { outcome: 'stored', key, sender, cargoId: cargo.id };
  }

  async #verify(octets: Uint8Array): Promise<RamfMessage> {
    const { verifier, identity, clock } = this.#parts;
    const cargo = verifier.read(octets, 'cargo');
    const anchors = await identity.trustedCertificates();
    const trust = { at: clock.now(), anchors };
    if (!verifier.verifyFromPrivateGateway(cargo, trust).isIssuedByAnchor) {
      throw new InvalidMessageError(
        'untrusted-path',
        'the sender of a cargo must have a certificate by this gateway',
      );
    }
    return cargo;
  }

  #refuse(error: unknown, log: Log): CargoReceipt {
    if (!isMessageFault(error)) {
      throw error;
    }
    const reason = reasonOf(error);
    this.#parts.metrics.cargoRefused(reason);
    log.info({ reason, detail: error.message }, 'Refused a cargo');
    return { outcome: 'refused', reason };
  }
}
