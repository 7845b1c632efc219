import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_MESSAGE_IN_SET_OCTETS, MAX_MESSAGES_IN_SET } from '#awala/cargo/message-set.ts';
import { serialisePca } from '#awala/cargo/pca.ts';
import { TAG } from '#awala/der/reader.ts';
import { encodeDer, sequence, tagged } from '#awala/der/writer.ts';
import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { CARGO_PREFIX, mailboxPrefix } from '#gateway/held/object-keys.ts';
import { parcelOn } from '#test/builders/road.ts';
import { invalidParcels } from '../support/invalid-parcels.ts';
import { malformedParcels, parcelOfOctets } from '../support/malformed-parcels.ts';
import { type RefusedMessage, refused } from '../support/refused-message.ts';
import { CourieredGateway } from './couriered-gateway.ts';

const UNPACKED = { cargoAccepted: 1 };
const ONE_PARCEL = { ...UNPACKED, 'parcelAccepted cargo gateway': 1 };

describe('The workers unpack a cargo', () => {
  let couriered: CourieredGateway;

  before(async () => {
    couriered = await CourieredGateway.start();
  });
  after(() => couriered[Symbol.asyncDispose]());

  /** @returns what is counted of a cargo, once it is unpacked */
  function countsOf(cargo: Uint8Array): Promise<Record<string, number>> {
    return couriered.counting(async () => {
      await couriered.deliver(cargo);
      await couriered.unpacked();
    });
  }

  /** Each item has a good one beside it, which must be taken in. */
  async function assertItemsRefused(items: Record<string, RefusedMessage>): Promise<void> {
    for (const [what, { octets, reason }] of Object.entries(items)) {
      const counts = await countsOf(couriered.cargo([octets, parcelOn(couriered.road)]));
      assert.deepEqual(counts, { ...ONE_PARCEL, [`parcelRefused cargo ${reason}`]: 1 }, what);
    }
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
  }

  it('without items: there is nothing to do', async () => {
    for (const cargo of [
      couriered.cargo([]),
      couriered.craft('cargo', { payload: Buffer.alloc(0) }),
    ]) {
      assert.deepEqual(await countsOf(cargo), { ...UNPACKED, emptyCargo: 1 });
    }
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
    assert.deepEqual(await couriered.setAside(), []);
  });

  it('with as many items as it may have, of which one is a parcel', async () => {
    const items = Array.from({ length: MAX_MESSAGES_IN_SET - 1 }, () => Buffer.of(0));
    const counts = await countsOf(couriered.cargo([...items, parcelOn(couriered.road)]));
    assert.deepEqual(counts, ONE_PARCEL);
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
  });

  it('with one item more: those before are taken in, and the cargo is set aside', async () => {
    const items = Array.from({ length: MAX_MESSAGES_IN_SET }, () => Buffer.of(0));
    const counts = await countsOf(couriered.cargo([parcelOn(couriered.road), ...items]));
    assert.deepEqual(counts, { ...ONE_PARCEL, 'cargoRefused decryption': 1 });
    assert.match((await couriered.setAside()).at(-1) ?? '', /holds no set of messages/);
    await couriered.forgetSetAside();
  });

  it('with the largest parcel that fits into a cargo', async () => {
    assert.equal(MAX_PARCEL_OCTETS, MAX_MESSAGE_IN_SET_OCTETS);
    const largest = await parcelOfOctets(couriered.road, MAX_PARCEL_OCTETS);
    assert.deepEqual(await countsOf(couriered.cargo([largest])), ONE_PARCEL);
  });

  it('with a parcel that is an octet too large, which spoils none beside it', async () => {
    const tooLarge = await parcelOfOctets(couriered.road, MAX_PARCEL_OCTETS + 1);
    const counts = await countsOf(couriered.cargo([tooLarge, parcelOn(couriered.road)]));
    assert.deepEqual(counts, { ...ONE_PARCEL, 'parcelRefused cargo malformed': 1 });
  });

  it('with cargo and CCAs in it, which are ignored, whatever they hold', async () => {
    const inner = couriered.cargo([parcelOn(couriered.road)]);
    const within = couriered.cargo([inner, couriered.craft('cca'), parcelOn(couriered.road)]);
    assert.deepEqual(await countsOf(within), ONE_PARCEL);
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
  });

  it('with malformed parcels, each of which spoils none beside it', async () => {
    const { 'is empty': _, ...malformed } = malformedParcels(couriered.road);
    const ofAnotherKind = /“Awala”|type octet|version 1/;
    const parcels = Object.entries(malformed)
      .filter(([what]) => !ofAnotherKind.test(what))
      .map(([what, octets]) => [what, refused(octets, 'malformed')]);
    await assertItemsRefused(Object.fromEntries(parcels));
  });

  it('with parcels that must be refused, each of which spoils none beside it', async () => {
    await assertItemsRefused(await invalidParcels(couriered.road));
  });

  it('with acknowledgements that are malformed, or for what is not held', async () => {
    const { phone, recipient, sender } = couriered.road;
    const before = await couriered.keys(mailboxPrefix(phone.nodeId));
    const ids = { senderId: sender.nodeId, recipientId: recipient.nodeId, parcelId: 'unheard of' };
    const pca = serialisePca(ids);
    const cut = pca.subarray(0, -1);
    const nobody = serialisePca({ ...ids, senderId: '../..' });
    const counts = await countsOf(couriered.cargo([pca, cut, nobody, pca]));
    assert.deepEqual(counts, { ...UNPACKED, 'parcelRefused cargo malformed': 2 });
    assert.deepEqual(await couriered.keys(mailboxPrefix(phone.nodeId)), before);
  });

  it('whose set of messages breaks off: the parcels before are taken in, and it is set aside', async () => {
    const parcel = tagged(TAG.octetString, parcelOn(couriered.road));
    const odd = tagged(TAG.utf8String, Buffer.from('no message'));
    const payload = couriered.seal(encodeDer(sequence(parcel, odd)));
    const counts = await countsOf(couriered.craft('cargo', { payload }));
    assert.deepEqual(counts, { ...ONE_PARCEL, 'cargoRefused decryption': 1 });
    await couriered.forgetSetAside();
  });
});
