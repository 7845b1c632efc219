import { deliverAll } from '../cloud/deliver-all.ts';
import { type Delivery, makeDeliveries, partiesOf, startAcceptingServer } from '../deliveries.ts';

/**
 * CPU time of the floor of a parcel of 5 KiB, all threads, on the machine that the marks in
 * milliseconds are for: two virtual processors of 2.3 GHz, in November 2026.
 */
const FLOOR_MS = 0.16;
const PAYLOAD_OCTETS = 2_048;
const DELIVERIES = 500;
const WARM_UP_PASSES = 8;
const MEASURED_PASSES = 2;

type AcceptingServer = Awaited<ReturnType<typeof startAcceptingServer>>;

/**
 * Tells how many times as long a machine takes for the same work as the machine that the marks are
 * for. Virtual processors of one name differ by half, and share what they have with other machines,
 * which no counter shows.
 *
 * The work is the floor of accepting a parcel: a request over loopback, two verifications, and a
 * write that others share.
 */
export class MachinePace implements AsyncDisposable {
  readonly #server: AcceptingServer;
  readonly #deliveries: readonly Delivery[];

  private constructor(server: AcceptingServer, deliveries: readonly Delivery[]) {
    this.#server = server;
    this.#deliveries = deliveries;
  }

  /** Starts the server that does the work. */
  static async start(): Promise<MachinePace> {
    const server = await startAcceptingServer('./accept-floor.ts');
    const parties = await partiesOf(server);
    const deliveries = await makeDeliveries(parties, DELIVERIES, PAYLOAD_OCTETS);
    const pace = new MachinePace(server, deliveries);
    await pace.#deliver(WARM_UP_PASSES);
    return pace;
  }

  /** @returns 1 at least */
  async measure(): Promise<number> {
    const beforeMs = await this.#server.cpuMs();
    await this.#deliver(MEASURED_PASSES);
    const tookMs = (await this.#server.cpuMs()) - beforeMs;
    return paceByFloor(tookMs / (DELIVERIES * MEASURED_PASSES));
  }

  async #deliver(passes: number): Promise<void> {
    for (let pass = 0; pass < passes; pass += 1) {
      await deliverAll(this.#server.info.port, this.#deliveries);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/**
 * @param floorMs - CPU time of the floor of a parcel of 5 KiB, in milliseconds
 * @returns 1 at least
 */
export function paceByFloor(floorMs: number): number {
  return Math.max(1, floorMs / FLOOR_MS);
}
