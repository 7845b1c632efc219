import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { hexOf } from '#awala/der/text.ts';
import { MessageFault } from '#awala/errors.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { withIndefiniteLengths } from './der-tree.ts';
import { mutateOctets } from './octet-mutations.ts';
import { acceptAsOurs } from './our-verdict.ts';
import { PeerRoad } from './peer-road.ts';
import { SeededRandom } from './random.ts';
import { TreeMutator } from './tree-mutations.ts';

/** Change it to search elsewhere; a failure says which mutant of which seed it was. */
const SEED = 20_260_301;
const MUTANTS_PER_SUITE = 12_500;
const FORMAT_OCTETS = 7;

type Mutate = (random: SeededRandom) => Uint8Array;

describe(`Mutants of seed ${SEED}`, () => {
  const verifier = new MessageVerifier();
  let road: PeerRoad;
  let parcels: Uint8Array[];
  let countersigned: Uint8Array;
  let countersignatures: Uint8Array[];

  before(async () => {
    road = await PeerRoad.build([2048, 2048]);
    parcels = [
      await road.write(0, { id: 'first' }),
      await road.write(1, { id: 'second', internetAddress: 'example.com' }),
      await road.write(0, { id: 'third', hash: 'SHA-512' }),
    ];
    countersigned = await road.write(0);
    countersignatures = [
      await road.countersign(countersigned),
      await road.countersign(countersigned),
    ];
  });

  /**
   * Asserts that the peer library accepts what we accept, and reads the same in
   * it; and that we refuse all else with one of our two errors.
   *
   * @returns how many different mutants both accepted
   */
  async function compare(
    originals: readonly Uint8Array[],
    mutate: Mutate,
    ours: (octets: Uint8Array) => unknown,
    peers: (octets: Uint8Array) => Promise<unknown>,
  ): Promise<number> {
    const random = new SeededRandom(SEED);
    const accepted = new Set(originals.map(hexOf));
    for (let count = 0; count < MUTANTS_PER_SUITE; count++) {
      const mutant = mutate(random);
      const values = verdictOf(() => ours(mutant), count);
      if (values !== null && !accepted.has(hexOf(mutant))) {
        accepted.add(hexOf(mutant));
        assert.deepEqual(values, await peers(mutant), `Mutant ${count}: ${hexOf(mutant)}`);
      }
    }
    return accepted.size - originals.length;
  }

  /** Null if we refuse. */
  function verdictOf(judge: () => unknown, mutant: number): unknown {
    try {
      return judge();
    } catch (error) {
      const isExpected = error instanceof MessageFault;
      assert.ok(isExpected, `Mutant ${mutant} makes us throw ${error}`);
      return null;
    }
  }

  const acceptOurs = (octets: Uint8Array) => acceptAsOurs(verifier, road.anchor, octets);
  const acceptPeers = (octets: Uint8Array) => road.accept(octets);

  const countersignerOurs = (signature: Uint8Array) => {
    const trust = { at: new Date(), anchors: [road.anchor] };
    return verifier.verifyDetached(signature, countersigned, 'parcel-delivery', trust).nodeId;
  };
  const countersignerPeers = (signature: Uint8Array) =>
    road.acceptCountersignature(signature, countersigned);

  const toOctetsOf =
    (originals: readonly Uint8Array[]): Mutate =>
    (random) =>
      mutateOctets(random.pick(originals), random);

  it('of the octets of a parcel are accepted by us only if the peer library does', async (test) => {
    const originals = [
      ...parcels,
      ...parcels.map((parcel) => withFormat(withIndefiniteLengths(withoutFormat(parcel)))),
    ];
    const count = await compare(originals, toOctetsOf(originals), acceptOurs, acceptPeers);
    test.diagnostic(`${count} different mutants accepted`);
  });

  it('of the structure of a parcel are accepted by us only if the peer library does', async (test) => {
    const mutator = new TreeMutator(parcels.map(withoutFormat));
    const mutate: Mutate = (random) => withFormat(mutator.mutate(random));
    const count = await compare(parcels, mutate, acceptOurs, acceptPeers);
    assert.ok(count > 0, 'The mutations are too coarse to find anything');
    test.diagnostic(`${count} different mutants accepted`);
  });

  it('of the octets of a countersignature likewise', async (test) => {
    const originals = [...countersignatures, ...countersignatures.map(withIndefiniteLengths)];
    const mutate = toOctetsOf(originals);
    const count = await compare(originals, mutate, countersignerOurs, countersignerPeers);
    test.diagnostic(`${count} different mutants accepted`);
  });

  it('of the structure of a countersignature likewise', async (test) => {
    const mutator = new TreeMutator(countersignatures);
    const mutate: Mutate = (random) => mutator.mutate(random);
    const count = await compare(countersignatures, mutate, countersignerOurs, countersignerPeers);
    test.diagnostic(`${count} different mutants accepted`);
  });
});

function withoutFormat(parcel: Uint8Array): Uint8Array {
  return parcel.subarray(FORMAT_OCTETS);
}

function withFormat(signedData: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('Awala\x50\0'), signedData]);
}
