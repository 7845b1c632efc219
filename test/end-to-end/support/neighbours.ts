import assert from 'node:assert/strict';
import { countersign } from '#test/builders/peers.ts';
import { Collector } from './collector.ts';
import { PARCEL_TYPE } from './http-client.ts';
import { RawClient } from './raw-client.ts';
import { type Correspondence, parcelOn, type Road } from './road.ts';

/**
 * Well-behaved clients of a server that are in the middle of something: one
 * sends a parcel and has half of it left, one collects and waits for arrivals.
 */
export class Neighbours implements Disposable {
  readonly #upload: RawClient;
  #rest: Uint8Array;
  readonly #parcel: Uint8Array;
  readonly #collector: Collector;

  private constructor(parts: {
    readonly upload: RawClient;
    readonly rest: Uint8Array;
    readonly parcel: Uint8Array;
    readonly collector: Collector;
  }) {
    this.#upload = parts.upload;
    this.#rest = parts.rest;
    this.#parcel = parts.parcel;
    this.#collector = parts.collector;
  }

  /** @param road - to a phone that nobody else collects for */
  static async begin(
    port: number,
    road: Correspondence & Pick<Road, 'phone'>,
  ): Promise<Neighbours> {
    const parcel = parcelOn(road);
    const collector = await Collector.open(port, [road.phone]);
    await collector.roundTrip();
    const upload = await RawClient.connect(port);
    const authorization = await countersign(parcel, road.phone);
    const headers = { 'content-type': PARCEL_TYPE, authorization };
    await upload.begin('/v1/parcels', headers, parcel.length);
    const half = Math.floor(parcel.length / 2);
    await upload.write(parcel.subarray(0, half));
    return new Neighbours({ upload, rest: parcel.subarray(half), parcel, collector });
  }

  /** They go on with what they are doing; resolves once the server has noticed. */
  async goOn(): Promise<void> {
    await this.#upload.write(this.#rest.subarray(0, 1));
    this.#rest = this.#rest.subarray(1);
    await this.#collector.roundTrip();
  }

  /** Ends what they are doing, and fails if anything kept them from it. */
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
