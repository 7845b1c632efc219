import { MessageVerifier } from '#awala/message-verifier.ts';
import type { Clock } from '#clock/clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { PARCEL_COLLECTION_LIMITS } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { CollectionServer } from '#services/collection/collection-server.ts';
import { COLLECTION_VARIABLES } from '#services/collection/config.ts';
import { Heartbeat } from '#services/collection/heartbeat.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import type { Identity, Peer } from '#test/builders/peers.ts';

const DAY_MS = 86_400_000;

/** A collection server whose backing costs nothing, for the upgrades of any HTTP server. */
export class CollectionGateway {
  readonly #clock: Clock;
  readonly #mailbox: Mailbox;
  readonly #server: CollectionServer;

  constructor(us: Peer, clock: Clock) {
    this.#clock = clock;
    const signals = new InProcessSignals({ log: silentLog });
    this.#mailbox = new Mailbox({ objects: new InMemoryObjectStore({ clock }), signals, clock });
    this.#server = new CollectionServer(
      {
        mailbox: this.#mailbox,
        identity: { trustedCertificates: async () => [us.certificate] },
        verifier: new MessageVerifier(),
        policy: nobodyBlocked(clock),
        heartbeat: new Heartbeat(clock),
        metrics: noMetrics,
        log: silentLog,
        clock,
      },
      {
        ...PARCEL_COLLECTION_LIMITS,
        window: COLLECTION_VARIABLES.window.read(undefined),
        handshakeTimeoutMs: 30_000,
        maxWaiting: 0,
        waitingTimeoutMs: 0,
        maxCollectors: 10,
        bufferOctets: 256 * 1024 * 1024,
      },
    );
  }

  get handleUpgrade(): CollectionServer['handleUpgrade'] {
    return this.#server.handleUpgrade;
  }

  /** Puts parcels of these sizes into the mailbox of a phone, in place of those put there before. */
  async hold(phone: Pick<Identity, 'nodeId'>, sizes: readonly number[]): Promise<void> {
    const expiresAt = new Date(this.#clock.now().getTime() + DAY_MS);
    for (const [index, octets] of sizes.entries()) {
      const parcel = { recipient: 'r', sender: 's', parcelId: `parcel ${index}` };
      const identity = { ...parcel, privateGateway: phone.nodeId };
      await this.#mailbox.store(identity, Buffer.alloc(octets, index), expiresAt);
    }
  }
}
