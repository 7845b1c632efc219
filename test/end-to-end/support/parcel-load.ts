import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { countersign } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import type { Phone } from '#test/peers/phone.ts';

const SENDERS = 4;
/** The larger ones become files. */
const PAYLOAD_OCTETS = [200, 3_000, 20_000, 300_000];
const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

/** Parcels posted for an app of a phone until the gateway is gone or the load is stopped. */
export interface ParcelLoad {
  /** Names of those that were answered 202, so far. */
  readonly accepted: ReadonlySet<string>;
  /** Resolves when so many more were accepted. */
  more(count: number): Promise<void>;
  /** Ends it; resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** Posts as fast as it can. */
export function startParcelLoad(port: number, phone: Phone): ParcelLoad {
  const accepted = new Set<string>();
  let isStopped = false;
  let index = 0;
  let awaited = { size: 0, reached: () => {} };
  const post = async () => {
    using client = new HttpClient(port);
    while (!isStopped) {
      const octets = PAYLOAD_OCTETS[index % PAYLOAD_OCTETS.length] ?? 0;
      const parcel = Buffer.from(parcelOn(phone, { payload: Buffer.alloc(octets, `${index++}`) }));
      const authorization = await countersign(parcel, phone.phone);
      const headers = { 'content-type': PARCEL_TYPE, authorization };
      const { status } = await client.post('/v1/parcels', { headers, body: parcel });
      assert.equal(status, 202);
      accepted.add(nameOf(parcel));
      if (accepted.size >= awaited.size) {
        awaited.reached();
      }
    }
  };
  const ended = Promise.allSettled(Array.from({ length: SENDERS }, post));
  return {
    accepted,
    more: (count) =>
      new Promise((reached) => {
        awaited = { size: accepted.size + count, reached };
      }),
    stop: async () => {
      isStopped = true;
      await ended;
    },
  };
}

/** Collects and acknowledges until the gateway says that there is no more. */
export async function collectAll(port: number, phone: Phone): Promise<ReadonlySet<string>> {
  using collector = await Collector.open(port, [phone.phone], CLOSING);
  const parcels = new Set<string>();
  for (let next = await collector.nextOrNull(); next; next = await collector.nextOrNull()) {
    parcels.add(nameOf(next.parcel));
    collector.acknowledge(next);
  }
  assert.equal((await collector.closed).code, 1000);
  return parcels;
}

/** Collects and acknowledges whatever comes, until the gateway is gone. */
export async function collectMeanwhile(port: number, phone: Phone): Promise<number> {
  let count = 0;
  try {
    using collector = await Collector.open(port, [phone.phone]);
    for (;;) {
      collector.acknowledge(await collector.next());
      count += 1;
    }
  } catch {
    return count;
  }
}

/** What tells one parcel from another. */
function nameOf(parcel: Uint8Array): string {
  return createHash('sha256').update(parcel).digest('hex');
}
