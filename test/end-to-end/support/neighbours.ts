import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { type Correspondence, parcelOn, type Road } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { postingOf } from '#test/peers/phone.ts';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';
import { RawClient } from './raw-client.ts';

/**
 * A gateway pings clients every 5 s and drops those silent for 9 s. A client that waited for a
 * processor for the difference may have been dropped, and rightly.
 */
const STARVED_MS = 4_000;

/** Enough for going on a thousand times. */
const PAYLOAD_OCTETS = 600_000;
/** Each second, a little more than the least speed of an upload. */
const OCTETS_AT_ONCE = 256;

interface NeighboursOptions {
  readonly port: number;
  /** To a phone without another collector. */
  readonly road: Correspondence & Pick<Road, 'phone'>;
  /** Of the server; this process's by default. */
  readonly serverPid?: number;
}

/**
 * Two well-behaved clients in the middle of something: one has sent half of a parcel, the other waits
 * for arrivals. A test shows that what other clients do does not affect them.
 *
 * They begin again if they were cut off after they or the server had waited seconds for a processor, as
 * on an overloaded machine.
 */
export class Neighbours implements Disposable {
  readonly #options: NeighboursOptions;
  readonly #waits: ProcessorWaits;
  #waitedMs = 0;
  #half: HalfDone;

  private constructor(options: NeighboursOptions, half: HalfDone) {
    this.#options = options;
    this.#half = half;
    const { serverPid = process.pid } = options;
    this.#waits = new ProcessorWaits(() => [serverPid]);
  }

  static async begin(options: NeighboursOptions): Promise<Neighbours> {
    return new Neighbours(options, await HalfDone.begin(options));
  }

  /** Lets both go on; resolves once the server has noticed. */
  goOn(): Promise<void> {
    return this.#unlessStarved(() => this.#half.goOn());
  }

  /** Completes the upload and the collection; fails if either was disturbed. */
  finish(): Promise<void> {
    return this.#unlessStarved(() => this.#half.finish());
  }

  async #unlessStarved(act: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await act();
        this.#waitedMs = this.#waits.totalMs();
        return;
      } catch (error) {
        const waitedMs = this.#waits.totalMs();
        if (waitedMs - this.#waitedMs < STARVED_MS) {
          throw error;
        }
        this.#waitedMs = waitedMs;
        this.#half[Symbol.dispose]();
        this.#half = await HalfDone.begin(this.#options);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#half[Symbol.dispose]();
  }
}

/** A half-sent upload, and a waiting collection. */
class HalfDone implements Disposable {
  readonly #upload: RawClient;
  readonly #parcel: Uint8Array;
  readonly #collector: Collector;
  #rest: Uint8Array;

  private constructor(upload: RawClient, collector: Collector, parcel: Uint8Array) {
    this.#upload = upload;
    this.#collector = collector;
    this.#parcel = parcel;
    this.#rest = parcel.subarray(Math.floor(parcel.length / 2));
  }

  static async begin({ port, road }: NeighboursOptions): Promise<HalfDone> {
    const parcel = parcelOn(road, { payload: randomBytes(PAYLOAD_OCTETS) });
    const collector = await Collector.open(port, [road.phone]);
    await collector.roundTrip();
    const upload = await RawClient.connect(port);
    const { headers } = await postingOf(parcel, road.phone);
    await upload.begin('/v1/parcels', headers, parcel.length);
    const half = new HalfDone(upload, collector, parcel);
    await upload.write(parcel.subarray(0, parcel.length - half.#rest.length));
    return half;
  }

  async goOn(): Promise<void> {
    await this.#upload.write(this.#rest.subarray(0, OCTETS_AT_ONCE));
    this.#rest = this.#rest.subarray(OCTETS_AT_ONCE);
    await this.#collector.roundTrip();
  }

  async finish(): Promise<void> {
    const status = this.#upload.status();
    await this.#upload.write(this.#rest);
    assert.equal(await status, 202);
    for (let isMine = false; !isMine; ) {
      const delivery = await this.#collector.next();
      this.#collector.acknowledge(delivery);
      isMine = Buffer.compare(delivery.parcel, this.#parcel) === 0;
    }
    await this.#collector.roundTrip();
  }

  [Symbol.dispose](): void {
    this.#upload[Symbol.dispose]();
    this.#collector[Symbol.dispose]();
  }
}
