import { constants, createPublicKey, randomBytes, verify } from 'node:crypto';
import { type CargoWorld, makeCargoWorld, makeParcels } from '../cargo/cargo-world.ts';
import { packParcels } from '../cargo/packing.ts';
import { peerUnpacker, Unpacker, unpackingFloor } from '../cargo/unpacking.ts';
import { candidate, cpuRows, type Marks, sideBySide } from '../measure.ts';
import type { Row } from '../rows/row.ts';

interface Scenario {
  readonly work: string;
  /** Of payload, each. */
  readonly octets: number;
  readonly parcels: number;
  /** The peer library takes a hundred times as long, so it gets so many in a cargo. */
  readonly peerParcels: number;
  readonly marks: Marks;
}

/** From stored cargo to parcels accepted for storing. Figures are CPU time per parcel. */
export async function run(): Promise<readonly Row[]> {
  const world = await makeCargoWorld();
  return [
    ...(await unpack(world, {
      work: 'unpack a parcel of 100 KiB from cargo, and verify it with its path',
      octets: 100 * 1024,
      parcels: 1_000,
      peerParcels: 40,
      marks: { peer: 1 / 40, floor: null },
    })),
    ...(await unpack(world, {
      work: 'unpack a parcel of 1 KiB from cargo, and verify it with its path',
      octets: 1024,
      parcels: 3_000,
      peerParcels: 60,
      marks: { peer: 1 / 40, floor: null },
    })),
  ];
}

async function unpack(world: CargoWorld, scenario: Scenario): Promise<readonly Row[]> {
  const { parcels: count, peerParcels, octets } = scenario;
  const unpacker = await Unpacker.open(world);
  const parcels = await makeParcels(world, { parcels: count, octets });
  const cargoes = await Array.fromAsync(packParcels(world, unpacker.key, parcels));
  const few = parcels.slice(0, peerParcels);
  const peerCargoes = await Array.fromAsync(packParcels(world, unpacker.key, few));
  const unpackAll = async (inputs: readonly Uint8Array[]) => {
    let accepted = 0;
    for (const cargo of inputs) {
      accepted += await unpacker.unpack(cargo);
    }
    if (accepted !== count) {
      throw new Error(`${accepted} of ${count} parcels were accepted`);
    }
  };
  const peerUnpack = await peerUnpacker(world, unpacker.key);
  const peerPieces = peerParcels / peerCargoes.length;
  const floor = unpackingFloor(parcels, verification(world));
  const rounds = await sideBySide({
    ours: candidate([cargoes], unpackAll, { pieces: count }),
    peer: candidate(peerCargoes, peerUnpack, { pieces: peerPieces }),
    floor: candidate([parcels], floor, { pieces: count }),
  });
  return cpuRows(scenario.work, rounds, scenario.marks);
}

/** One RSA verification, prepared. */
function verification({ sender }: CargoWorld): () => boolean {
  const signed = randomBytes(104);
  const signature = sender.sign(signed) as Uint8Array;
  const key = createPublicKey({ key: Buffer.from(sender.spki), format: 'der', type: 'spki' });
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return () => verify('sha256', signed, options, signature);
}
