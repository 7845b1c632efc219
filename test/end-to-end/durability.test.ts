import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { countersign } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { RawClient } from './support/raw-client.ts';

const ROUNDS = 3;
const PARCELS_PER_ROUND = 100;
const SENDERS = 8;
/** Some go into the database, some into files of their own. */
const PAYLOAD_OCTETS = [100, 1_000, 10_000, 300_000];
const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

interface Posting {
  readonly parcel: Buffer;
  readonly authorization: string;
}

describe('A gateway that ends, and is started again', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let gateway: GatewayProcess;
  let phone: Phone;
  let parameters: Buffer;
  /** Told 202 and not yet acknowledged in a collection that the gateway completed. */
  const owed = new Set<string>();
  const done = new Set<string>();
  const statuses = new Set<number>();

  before(async () => {
    folder = await dataFolder();
    gateway = await GatewayProcess.start(folder.path);
    phone = await Phone.register(gateway.poweb);
    parameters = await connectionParameters();
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function connectionParameters(): Promise<Buffer> {
    using client = new HttpClient(gateway.poweb);
    return (await client.get('/connection-params.der')).body;
  }

  async function postings(): Promise<Posting[]> {
    return Promise.all(
      Array.from({ length: PARCELS_PER_ROUND }, async (_, index) => {
        const octets = PAYLOAD_OCTETS[index % PAYLOAD_OCTETS.length];
        const parcel = Buffer.from(
          parcelOn(phone, { payload: Buffer.alloc(octets ?? 0, `${index}`) }),
        );
        return { parcel, authorization: await countersign(parcel, phone.phone) };
      }),
    );
  }

  /** Posts one after the other until the gateway is gone. */
  async function postSome(queue: Iterator<Posting>, onAccepted: (parcel: Buffer) => void) {
    using client = new HttpClient(gateway.poweb);
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const { parcel, authorization } = next.value;
      const headers = { 'content-type': PARCEL_TYPE, authorization };
      const { status } = await client.post('/v1/parcels', { headers, body: parcel });
      statuses.add(status);
      onAccepted(parcel);
    }
  }

  /** Collects and acknowledges while others post, without ever being told that it is done. */
  async function collectMeanwhile(onCollected: (parcel: string) => void): Promise<void> {
    using collector = await Collector.open(gateway.poweb, [phone.phone]);
    for (;;) {
      const delivery = await collector.next();
      onCollected(nameOf(delivery.parcel));
      collector.acknowledge(delivery);
    }
  }

  /** Kills the gateway as soon as so many parcels were accepted, then starts it again. */
  async function killAfter(count: number, collected: Set<string>): Promise<void> {
    let accepted = 0;
    const killed = Promise.withResolvers<unknown>();
    const onAccepted = (parcel: Buffer) => {
      owed.add(nameOf(parcel));
      accepted += 1;
      if (accepted === count) {
        killed.resolve(gateway.end('SIGKILL'));
      }
    };
    const queue = (await postings()).values();
    const work = [
      collectMeanwhile((parcel) => collected.add(parcel)),
      ...Array.from({ length: SENDERS }, () => postSome(queue, onAccepted)),
    ];
    await Promise.allSettled(work);
    assert.deepEqual([...statuses], [202]);
    assert.equal(await killed.promise, 'SIGKILL');
    gateway = await GatewayProcess.start(folder.path);
  }

  /** Collects until the gateway says that there is no more. */
  async function collectAll(): Promise<string[]> {
    using collector = await Collector.open(gateway.poweb, [phone.phone], CLOSING);
    const parcels: string[] = [];
    for (let next = await collector.nextOrNull(); next; next = await collector.nextOrNull()) {
      parcels.push(nameOf(next.parcel));
      collector.acknowledge(next);
    }
    assert.equal((await collector.closed).code, 1000);
    return parcels;
  }

  for (let round = 1; round <= ROUNDS; round++) {
    const count = 10 + Math.floor(Math.random() * 80);
    it(`killed after ${count} parcels, hands over all that it accepted (${round} of ${ROUNDS})`, async () => {
      const seen = new Set<string>();
      await killAfter(count, seen);
      const collected = await collectAll();
      assert.equal(new Set(collected).size, collected.length, 'twice in one collection');
      for (const parcel of collected) {
        assert.ok(!done.has(parcel), 'again after a collection was completed');
        done.add(parcel);
      }
      const lost = [...owed].filter((parcel) => !seen.has(parcel) && !done.has(parcel));
      assert.equal(lost.length, 0);
      owed.clear();
      assert.deepEqual(await collectAll(), []);
    });
  }

  it('is who it was before', async () => {
    assert.ok(parameters.equals(await connectionParameters()));
    const again = await Phone.register(gateway.poweb);
    const { gatewayCertificate } = again.registration;
    assert.ok(gatewayCertificate.equals(phone.registration.gatewayCertificate));
  });

  it('told to stop instead, lets a delivery end, sends collectors away, and ends with 0', async () => {
    const [posting] = await postings();
    assert.ok(posting);
    const { parcel, authorization } = posting;
    using collector = await Collector.open(gateway.poweb, [phone.phone]);
    await collector.roundTrip();
    using upload = await RawClient.connect(gateway.poweb);
    const headers = { 'content-type': PARCEL_TYPE, authorization };
    await upload.begin('/v1/parcels', headers, parcel.length);
    const ended = gateway.end('SIGINT');
    await upload.write(parcel);
    assert.equal(await upload.status(), 202);
    assert.equal((await collector.closed).code, 4000);
    assert.equal(await ended, 0);
    gateway = await GatewayProcess.start(folder.path);
    assert.deepEqual(await collectAll(), [nameOf(parcel)]);
  });
});

/** What tells one parcel from another. */
function nameOf(parcel: Uint8Array): string {
  return createHash('sha256').update(parcel).digest('hex');
}
