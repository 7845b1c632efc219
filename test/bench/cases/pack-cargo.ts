import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { type CargoWorld, makeCargoWorld, makeParcels } from '../cargo/cargo-world.ts';
import { packingFloor, packParcels, peerPacker } from '../cargo/packing.ts';
import { type Cost, candidate, costsSideBySide } from '../measure.ts';
import { atLeast, atMost, milliseconds, type Requirement, type Row } from '../report.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { PackingSettings } from '../servers/pack-cargo.ts';

const ROUNDS = 5;
const MEBIOCTET = 1024 * 1024;

/** Packing parcels into cargo: frame, encrypt, sign. Figures are CPU time per parcel. */
export async function run(): Promise<readonly Row[]> {
  const world = await makeCargoWorld();
  return [
    await pack(world, {
      work: 'pack 1000 parcels of 100 KiB into cargo: CPU each',
      octets: 100 * 1024,
      parcels: 1_000,
      measured: 160,
      requirements: (peer, ours, floor) => [
        atLeast('parcels per CPU second of the peer', peer.cpuMs / ours.cpuMs, 8),
        atMost('the floor', ours.cpuMs / floor.cpuMs, 2),
      ],
    }),
    await pack(world, {
      work: 'the same, 100 000 parcels of 1 KiB',
      octets: 1024,
      parcels: 100_000,
      measured: 3_000,
      requirements: (peer, ours) => [
        atLeast('parcels per CPU second of the peer', peer.cpuMs / ours.cpuMs, 10),
      ],
    }),
  ];
}

interface Scenario extends PackingSettings {
  readonly work: string;
  /** Of the parcels, what is packed in each round; all of them are packed once, for the memory. */
  readonly measured: number;
  readonly requirements: (peer: Cost, ours: Cost, floor: Cost) => readonly Requirement[];
}

async function pack(world: CargoWorld, scenario: Scenario): Promise<Row> {
  const { octets, measured } = scenario;
  const parcels = await makeParcels(world, { parcels: measured, octets });
  const recipientKey = generateSessionKey();
  const [ours, peer, floor] = await costsSideBySide(
    [
      candidate([parcels], async (inputs) => {
        await Array.fromAsync(packParcels(world, recipientKey, inputs), (cargo) => cargo.length);
      }),
      candidate([parcels], await peerPacker(world, recipientKey)),
      candidate([parcels], packingFloor(world.phone)),
    ],
    ROUNDS,
  );
  const each = ({ cpuMs, wallMs }: Cost): Cost => ({
    cpuMs: cpuMs / measured,
    wallMs: wallMs / measured,
  });
  const memory = await residentMemory(scenario);
  return {
    work: scenario.work,
    peer: milliseconds(each(peer).cpuMs),
    ours: milliseconds(each(ours).cpuMs),
    floor: milliseconds(each(floor).cpuMs),
    requirements: [...scenario.requirements(each(peer), each(ours), each(floor)), memory],
  };
}

/** Of a process that packs all the parcels, which come one by one, and keeps no cargo. */
async function residentMemory({ parcels, octets }: PackingSettings): Promise<Requirement> {
  await using packer = await ChildServer.start('./pack-cargo.ts', { parcels, octets });
  const idle = await packer.vitals();
  await packer.perform<number>('pack');
  const { peakRssOctets } = await packer.vitals();
  return atMost('RSS above idle', (peakRssOctets - idle.rssOctets) / MEBIOCTET, 64, ' MiB');
}
