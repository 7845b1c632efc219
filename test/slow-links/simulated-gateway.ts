import { createServer } from 'node:http';
import { WebSocket } from 'ws';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { DEFAULT_COLLECTION_LIMITS } from '#gateway/collection-limits.ts';
import { Mailbox } from '#gateway/mailbox.ts';
import { OctetBudget } from '#gateway/octet-budget.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { CollectionServer } from '#services/collection/collection-server.ts';
import { Heartbeat } from '#services/collection/heartbeat.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { internetGateway, type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { CLIENT_HEADERS, type Client, PatientCollector } from './collectors.ts';
import { type LinkEnd, type LinkForm, simulatedLink } from './simulated-link.ts';

const DAY_MS = 86_400_000;
/** Turns of the event loop after which streams have passed on what they had. */
const TURNS_TO_SETTLE = 4;

/**
 * A collection server and a phone, whose connections lead over simulated links.
 * Time stands still while anything is left to do, and then jumps to what is due next.
 */
export class SimulatedGateway {
  readonly clock = new ManualClock();
  readonly phone: Peer;
  readonly #mailbox: Mailbox;
  readonly #server = createServer();
  #link: readonly LinkEnd[] = [];

  private constructor(us: Peer, phone: Peer) {
    const { clock } = this;
    this.phone = phone;
    const signals = new InProcessSignals({ log: silentLog });
    this.#mailbox = new Mailbox({ objects: new InMemoryObjectStore({ clock }), signals, clock });
    const collection = new CollectionServer(
      {
        mailbox: this.#mailbox,
        identity: { trustedCertificates: async () => [us.certificate] },
        verifier: new MessageVerifier(),
        heartbeat: new Heartbeat(clock),
        budget: new OctetBudget(256 * 1024 * 1024),
        metrics: noMetrics,
        log: silentLog,
        clock,
      },
      { ...DEFAULT_COLLECTION_LIMITS, handshakeTimeoutMs: 30_000, maxCollectors: 10 },
    );
    this.#server.on('upgrade', collection.handleUpgrade);
  }

  static async start(): Promise<SimulatedGateway> {
    const validity = validAround(new ManualClock().now());
    const us = await internetGateway('us', validity);
    return new SimulatedGateway(us, await privateGateway('phone', us, validity));
  }

  /** Puts parcels of these sizes into the phone's mailbox. */
  async hold(sizes: readonly number[]): Promise<void> {
    const expiresAt = new Date(this.clock.now().getTime() + DAY_MS);
    for (const [index, octets] of sizes.entries()) {
      const parcel = { recipient: 'r', sender: 's', parcelId: `parcel ${index}` };
      const identity = { ...parcel, privateGateway: this.phone.nodeId };
      await this.#mailbox.store(identity, Buffer.alloc(octets, index), expiresAt);
    }
  }

  /** The phone connects over a link, and starts to collect. */
  connect(form: LinkForm, client: Client): PatientCollector {
    const [ours, theirs] = simulatedLink(form, this.clock);
    this.#link = [ours, theirs];
    this.#server.emit('connection', ours);
    const socket = new WebSocket('ws://gateway/v1/parcel-collection', {
      createConnection: () => theirs,
      headers: CLIENT_HEADERS[client],
      perMessageDeflate: false,
    });
    return new PatientCollector(socket, client, this);
  }

  /** The link of the latest connection becomes slower or faster, both ways. */
  changeRate(bitsPerSecond: number): void {
    for (const end of this.#link) {
      end.changeRate(bitsPerSecond);
    }
  }

  /** Lets time pass until `isMet`, which is asked after each event. */
  async until(isMet: () => boolean): Promise<void> {
    do {
      for (let turn = 0; turn < TURNS_TO_SETTLE; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    } while (!isMet() && this.clock.advanceToNext());
  }
}
