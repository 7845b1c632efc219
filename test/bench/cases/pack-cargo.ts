import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { type CargoWorld, makeCargoWorld, makeParcels } from '../cargo/cargo-world.ts';
import { packingFloor, packParcels, peerPacker } from '../cargo/packing.ts';
import { candidate, cpuRows, type Marks, sideBySide } from '../measure.ts';
import { once, type Row } from '../rows/row.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { PackingSettings } from '../servers/pack-cargo.ts';

const MEBIOCTET = 1024 * 1024;

/** Packing parcels into cargo: frame, encrypt, sign. Figures are CPU time per parcel. */
export async function run(): Promise<readonly Row[]> {
  const world = await makeCargoWorld();
  return [
    ...(await pack(world, {
      work: 'pack a parcel of 100 KiB into cargo',
      octets: 100 * 1024,
      parcels: 1_000,
      measured: 160,
      marks: { peer: 1 / 8, floor: 2 },
    })),
    ...(await pack(world, {
      work: 'pack a parcel of 1 KiB into cargo',
      octets: 1024,
      parcels: 100_000,
      measured: 3_000,
      marks: { peer: 1 / 10, floor: null },
    })),
  ];
}

interface Scenario extends PackingSettings {
  readonly work: string;
  /** Of the parcels, what is packed in each round; all of them are packed once, for the memory. */
  readonly measured: number;
  readonly marks: Marks;
}

async function pack(world: CargoWorld, scenario: Scenario): Promise<readonly Row[]> {
  const { work, octets, measured, marks } = scenario;
  const parcels = await makeParcels(world, { parcels: measured, octets });
  const recipientKey = generateSessionKey();
  const packAll = async (inputs: readonly Uint8Array[]) => {
    await Array.fromAsync(packParcels(world, recipientKey, inputs), (cargo) => cargo.length);
  };
  const pieces = { pieces: measured };
  const rounds = await sideBySide({
    ours: candidate([parcels], packAll, pieces),
    peer: candidate([parcels], await peerPacker(world, recipientKey), pieces),
    floor: candidate([parcels], packingFloor(world.phone), pieces),
  });
  return [...cpuRows(work, rounds, marks), await residentMemory(scenario)];
}

/** Of a process that packs all the parcels, which come one by one, and keeps no cargo. */
async function residentMemory({ parcels, octets }: Scenario): Promise<Row> {
  await using packer = await ChildServer.start('./pack-cargo.ts', { parcels, octets });
  const idle = await packer.vitals();
  await packer.perform<number>('pack');
  const { peakRssOctets } = await packer.vitals();
  return {
    name: `pack ${parcels} parcels of ${octets / 1024} KiB: RSS above idle`,
    unit: 'MiB',
    against: null,
    mark: 64,
    turns: once((peakRssOctets - idle.rssOctets) / MEBIOCTET),
  };
}
