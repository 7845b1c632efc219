import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { base64, grpcOctetsOf, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { RecordedLog, RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier, type CourierTraits, LIKE_ANDROID } from '#test/peers/courier.ts';

const MAX_OCTETS = 4_194_304;
const OK = { code: status.OK, details: 'OK' };

/** A gateway with an acknowledgement (PCA) for a phone, for whom parcels of these sizes are held. */
async function openWith(sizes: readonly number[]) {
  const metrics = new RecordedMetrics();
  const log = new RecordedLog();
  const ack = { senderId: 'a', recipientId: 'b', parcelId: 'c' };
  const opened = await openCogrpc({
    metrics,
    log,
    acceptedParcels: {
      async *list() {
        yield { ...ack, expiresAt: new Date(Date.now() + 86_400_000), place: '1' };
      },
    },
  });
  const phone = await CargoPhone.register(opened);
  const held: string[] = [];
  for (const octets of sizes) {
    held.push(...(await holdParcels(opened, phone.peer, { count: 1, octets })));
  }
  return { opened, phone, held, metrics, log };
}

async function collect(port: number, cca: Buffer, traits: CourierTraits) {
  using courier = new Courier(port, traits);
  const stream = courier.collect([authorizationOf(cca)], { deadlineMs: 60_000 });
  stream.onMessage = ({ id }) => stream.send({ id });
  return { end: await stream.ended, received: stream.received };
}

describe('A parcel that alone makes a gRPC message of over 4 MiB', () => {
  it('is not sent to grpc-java, stays held, and does not keep the CCA from its end', async () => {
    const sizes = [4_194_000, 1_000, 8_000_000];
    const { opened, phone, held, metrics, log } = await openWith(sizes);
    await using _ = opened;
    const { end, received } = await collect(opened.port, await phone.cca(), LIKE_ANDROID);
    assert.deepEqual(end, OK);
    const [parcel, pca, ...others] = messagesOf(
      phone,
      received.map(({ cargo }) => cargo),
    );
    assert.ok(parcel && pca);
    assert.deepEqual([base64([parcel]), others.length], [[held[1]], 0]);
    assert.equal(typeOfCargoMessage(pca), 'pca');
    assert.equal((await Array.fromAsync(opened.mailbox.list(phone.peer.nodeId))).length, 3);
    assert.equal(metrics.counts['parcelsLeftByCourier too-large'], 2);
    const left = log.lines.find(({ message }) => message.startsWith('a courier cannot carry'));
    assert.deepEqual(
      [left?.level, left?.peer, left?.reason, left?.parcels, left?.largestOctets],
      ['warn', phone.peer.nodeId, 'too-large', 2, 8_000_000],
    );
  });

  it('goes to other clients alone and last, after the acknowledgements, and is counted', async () => {
    const { opened, phone, held, metrics } = await openWith([4_194_000, 1_000, 4_180_000]);
    await using _ = opened;
    const { end, received } = await collect(opened.port, await phone.cca(), {});
    assert.deepEqual(end, OK);
    const messages = received.map(({ cargo }) => base64(messagesOf(phone, [cargo])));
    assert.deepEqual(messages.at(-1), [held[0]]);
    assert.deepEqual(new Set(messages.flat().slice(0, 2)), new Set([held[1], held[2]]));
    assert.equal(messages.flat().length, 4);
    const sizes = grpcOctetsOf(received);
    assert.deepEqual(
      sizes.map((size) => size > MAX_OCTETS),
      sizes.map((_, index) => index === sizes.length - 1),
    );
    assert.equal(metrics.counts.oversizeCargoSent, 1);
    assert.equal(metrics.counts['parcelsLeftByCourier too-large'], undefined);
  });

  it('keeps nothing from a client of another kind that does not take it, for longer than three calls', async () => {
    const { opened, phone, held, metrics } = await openWith([5_000_000, 1_000]);
    await using _ = opened;
    const cca = await phone.cca();
    const traits = { maxMessageOctets: MAX_OCTETS };
    const codes: number[] = [];
    const parcels: string[] = [];
    while (codes.at(-1) !== status.OK && codes.length < 10) {
      const { end, received } = await collect(opened.port, cca, traits);
      codes.push(end.code);
      parcels.push(
        ...base64(
          messagesOf(
            phone,
            received.map(({ cargo }) => cargo),
          ),
        ),
      );
    }
    assert.equal(parcels.length, 2);
    assert.ok(parcels.includes(held[1] ?? ''));
    assert.deepEqual(codes, [...new Array(4).fill(status.RESOURCE_EXHAUSTED), status.OK]);
    assert.equal(metrics.counts['parcelsLeftByCourier too-slow'], 1);
  });

  it('is one to the octet, but for what the session’s keys might be longer by', async () => {
    const { opened, phone } = await openWith([]);
    await using _ = opened;
    // What a cargo with one parcel has besides it, from one that is near the limit.
    const near = 4_180_000;
    await holdParcels(opened, phone.peer, { count: 1, octets: near });
    const first = await collect(opened.port, await phone.cca(), LIKE_ANDROID);
    const around = Math.max(...grpcOctetsOf(first.received)) - near;
    // Session keys of deployed peers leave 126 octets, the padding of the cipher a block.
    for (const [isSent, spare] of [
      [true, 126 + 16],
      [false, 126 - 16],
    ] as const) {
      const octets = MAX_OCTETS - around - spare;
      await holdParcels(opened, phone.peer, { count: 1, octets });
      const { end, received } = await collect(opened.port, await phone.cca(), LIKE_ANDROID);
      assert.deepEqual(end, OK);
      const sizes = messagesOf(
        phone,
        received.map(({ cargo }) => cargo),
      ).map(({ length }) => length);
      assert.equal(sizes.includes(octets), isSent, `${octets}`);
      assert.ok(Math.max(...grpcOctetsOf(received)) <= MAX_OCTETS);
    }
  });
});
