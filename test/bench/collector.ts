import { Certificate } from '#awala/x509/certificate.ts';
import { identity, type Peer } from '#test/builders/peers.ts';
import { Collector } from '#test/peers/collector.ts';
import { V8_OPTIONS } from '#test/services/service-process.ts';
import { ChildServer } from './servers/child-server.ts';
import type { CollectionServerInfo, CollectionServerSettings } from './servers/collection.ts';

export type CollectionChild = ChildServer<CollectionServerInfo>;

const UPON_COMPLETION = { 'x-awala-streaming-mode': 'close-upon-completion' };
const OPENED_AT_ONCE = 50;

/** Starts a collection server that holds parcels for a phone. */
export function startCollectionServer(
  settings: Pick<CollectionServerSettings, 'parcels' | 'parcelOctets' | 'fetchDelayMs'>,
): Promise<CollectionChild> {
  const phone = identity('phone');
  const phoneKey = Buffer.from(phone.spki).toString('base64');
  const whose = { phoneKey, phone: phone.nodeId };
  return ChildServer.start('./collection.ts', { ...settings, ...whose }, V8_OPTIONS.collection);
}

/** The phone that the server holds parcels for. */
export function phoneOf({ info }: CollectionChild): Peer {
  const certificate = Certificate.parse(Buffer.from(info.certificate, 'base64'));
  return { ...identity('phone'), certificate, issuers: [] };
}

/** Connects so many collectors, which stay connected: of each phone in turn. */
export async function openCollectors(
  port: number,
  phones: readonly Peer[],
  count: number,
): Promise<Collector[]> {
  const collectors: Collector[] = [];
  const open = (_: unknown, index: number) =>
    Collector.open(port, phones.slice(index % phones.length).slice(0, 1));
  while (collectors.length < count) {
    collectors.push(...(await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open))));
  }
  return collectors;
}

/** Collects all that is held for a phone, acknowledging each parcel as it comes. */
export async function collectAll(
  port: number,
  phone: Peer,
): Promise<{ parcels: number; totalMs: number }> {
  const startMs = performance.now();
  using collector = await Collector.open(port, [phone], { headers: UPON_COMPLETION });
  let parcels = 0;
  for (;;) {
    const delivery = await collector.nextOrNull();
    if (!delivery) {
      break;
    }
    parcels += 1;
    collector.acknowledge(delivery);
  }
  const { code, reason } = await collector.closed;
  if (code !== 1_000) {
    throw new Error(`the collection was closed with ${code} ${reason}`);
  }
  return { parcels, totalMs: performance.now() - startMs };
}

/** Until the first parcel has come, which stays held. */
export async function firstParcelMs(port: number, phone: Peer): Promise<number> {
  const startMs = performance.now();
  using collector = await Collector.open(port, [phone], { headers: UPON_COMPLETION });
  await collector.frame();
  return performance.now() - startMs;
}
