import { constants, createPublicKey, randomBytes, verify } from 'node:crypto';
import { type CargoWorld, makeCargoWorld, makeParcels } from '../cargo/cargo-world.ts';
import { packParcels } from '../cargo/packing.ts';
import { peerUnpacker, Unpacker, unpackingFloor } from '../cargo/unpacking.ts';
import { candidate, costsSideBySide } from '../measure.ts';
import { atLeast, milliseconds, type Row } from '../report.ts';

const ROUNDS = 5;

interface Scenario {
  readonly work: string;
  /** Of payload, each. */
  readonly octets: number;
  readonly parcels: number;
  /** The peer library takes a hundred times as long, so it gets so many in a cargo. */
  readonly peerParcels: number;
}

/** From stored cargo to parcels accepted for storing. Figures are CPU time per parcel. */
export async function run(): Promise<readonly Row[]> {
  const world = await makeCargoWorld();
  return [
    await unpack(world, {
      work: 'unpack cargo of parcels of 100 KiB, each verified with its path: CPU each',
      octets: 100 * 1024,
      parcels: 1_000,
      peerParcels: 40,
    }),
    await unpack(world, {
      work: 'the same, parcels of 1 KiB',
      octets: 1024,
      parcels: 3_000,
      peerParcels: 60,
    }),
  ];
}

async function unpack(world: CargoWorld, scenario: Scenario): Promise<Row> {
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
  const [ours, peer, floor] = await costsSideBySide(
    [
      candidate([cargoes], unpackAll),
      candidate(peerCargoes, peerUnpack),
      candidate([parcels], unpackingFloor(parcels, verification(world))),
    ],
    ROUNDS,
  );
  const peerMs = (peer.cpuMs * peerCargoes.length) / peerParcels;
  return {
    work: scenario.work,
    peer: milliseconds(peerMs),
    ours: milliseconds(ours.cpuMs / count),
    floor: milliseconds(floor.cpuMs / count),
    requirements: [
      atLeast('parcels per CPU second of the peer', (peerMs * count) / ours.cpuMs, 40),
    ],
  };
}

/** One RSA verification, prepared. */
function verification({ sender }: CargoWorld): () => boolean {
  const signed = randomBytes(104);
  const signature = sender.sign(signed) as Uint8Array;
  const key = createPublicKey({ key: Buffer.from(sender.spki), format: 'der', type: 'spki' });
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return () => verify('sha256', signed, options, signature);
}
