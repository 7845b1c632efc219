import { createServer } from 'node:http';
import { WebSocket } from 'ws';
import { ManualClock } from '#clock/manual-clock.ts';
import { internetGateway, type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { CLIENT_HEADERS, type Client, PatientCollector } from '#test/peers/patient-collector.ts';
import { CollectionGateway } from './collection-gateway.ts';
import { type LinkEnd, type LinkForm, simulatedLink } from './simulated-link.ts';

/** Turns of the event loop after which streams have passed on what they had. */
const TURNS_TO_SETTLE = 4;

/**
 * A collection server and a phone, whose connections lead over simulated links.
 * Time stands still while anything is left to do, and then jumps to what is due next.
 */
export class SimulatedGateway {
  readonly clock = new ManualClock();
  readonly phone: Peer;
  readonly #gateway: CollectionGateway;
  readonly #server = createServer();
  #link: readonly LinkEnd[] = [];

  private constructor(us: Peer, phone: Peer) {
    this.phone = phone;
    this.#gateway = new CollectionGateway(us, this.clock);
    this.#server.on('upgrade', this.#gateway.handleUpgrade);
  }

  static async start(): Promise<SimulatedGateway> {
    const validity = validAround(new ManualClock().now());
    const us = await internetGateway('us', validity);
    return new SimulatedGateway(us, await privateGateway('phone', us, validity));
  }

  /** Puts parcels of these sizes into the phone's mailbox. */
  hold(sizes: readonly number[]): Promise<void> {
    return this.#gateway.hold(this.phone, sizes);
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
