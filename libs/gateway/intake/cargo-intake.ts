import { isRefusal, MessageFault, Refusal } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import type { HeldShares, Holder } from '../held/held-shares.ts';
import { cargoKey, holderName } from '../held/object-keys.ts';
import { queueStored } from '../held/queue-stored.ts';
import { CARGO_TOPIC } from '../held/topics.ts';
import { isEstablished } from '../identity/established.ts';
import type { Identity } from '../identity/identity.ts';
import type { Withdrawals } from '../identity/withdrawals.ts';
import { blockedRefusal } from '../peers/blocked.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import type { Quotas } from './quotas.ts';

/** What {@link CargoIntake} needs. */
export interface CargoIntakeParts {
  readonly objects: ObjectStore;
  readonly queue: WorkQueue;
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly quotas: Quotas;
  readonly heldShares: HeldShares;
  readonly policy: Pick<PeerPolicy, 'mayCollect'>;
  /** Null, as by default, where nothing can be revoked. */
  readonly withdrawals?: Pick<Withdrawals, 'requireUnrevoked'> | null;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/**
 * Accepts cargo from couriers: verifies it, stores it, and queues it to be unpacked.
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
   * counted and dropped, since no courier can make it good. So is that of a blocked one, whose
   * cargo would otherwise keep its courier from delivering that of others: the private gateway keeps
   * its parcels, as nothing acknowledges them. If it may still collect, its cargo is stored for the
   * acknowledgements in it. Once this resolves, the
   * courier need not keep the cargo: if it was not dropped it is durable, and will be
   * unpacked even if the queue is down, as the sweeper queues what has no job.
   *
   * @throws {Refusal} `over-quota`, `over-share`: the courier must keep it
   * @throws {BackingError} if it could not be verified or stored: the
   *   courier must keep it
   * @param log - of the call that brings it; carries no node's id
   */
  async accept(octets: Uint8Array, log: Log = this.#parts.log): Promise<void> {
    const { objects, metrics, queue, quotas, heldShares } = this.#parts;
    let cargo: RamfMessage;
    try {
      cargo = await this.#verify(octets);
    } catch (error) {
      this.#drop(error, log);
      return;
    }
    const sender = cargo.sender.nodeId;
    const key = cargoKey({ sender, cargoId: cargo.id });
    const { expiresAt } = cargo;
    const takeBack = await this.#counted(() => quotas.takeCargo(cargo));
    try {
      const addition = { holder: this.#holderOf(cargo), octets: octets.byteLength };
      const options = { expiresAt, holder: holderName(sender, 'cargo') };
      await this.#counted(() =>
        heldShares.store({ ...addition, as: 'cargo' }, () => objects.put(key, octets, options)),
      );
    } catch (error) {
      takeBack();
      throw error;
    }
    logStep(log, 'stored', key, { octets: octets.byteLength });
    await queueStored({ topic: CARGO_TOPIC, key, expiresAt }, { queue, log });
    metrics.cargoAccepted();
    metrics.phoneSeen(sender);
    logStep(log, 'accepted', key, { peer: sender, octets: octets.byteLength });
  }

  #holderOf({ sender }: RamfMessage): Holder {
    const now = this.#parts.clock.now();
    return { privateGateway: sender.nodeId, isEstablished: isEstablished(sender, now) };
  }

  /** Counts a refusal. */
  async #counted<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal) {
        this.#parts.metrics.cargoRefused(error.code);
      }
      throw error;
    }
  }

  async #verify(octets: Uint8Array): Promise<RamfMessage> {
    const { verifier, identity, policy, withdrawals, clock } = this.#parts;
    const cargo = verifier.read(octets, 'cargo');
    const anchors = await identity.trustedCertificates();
    verifier.verifyFromPrivateGateway(cargo, { at: clock.now(), anchors });
    await withdrawals?.requireUnrevoked(cargo.sender);
    if (!policy.mayCollect(cargo.sender.nodeId)) {
      throw blockedRefusal();
    }
    return cargo;
  }

  #drop(error: unknown, log: Log): void {
    if (!(error instanceof MessageFault || isRefusal(error, 'peer-blocked'))) {
      throw error;
    }
    const { code: reason, message: detail } = error;
    this.#parts.metrics.cargoRefused(reason);
    log.info({ reason, detail }, 'Refused a cargo');
  }
}
