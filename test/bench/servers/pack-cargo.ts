import { setImmediate } from 'node:timers/promises';
import { freeOctets } from '#awala/free-octets.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { makeCargoWorld, makeParcels } from '../cargo/cargo-world.ts';
import { packParcels } from '../cargo/packing.ts';
import { serveVitals } from './child-server.ts';

/** What the benchmark asks of a process that packs. */
export interface PackingSettings {
  readonly parcels: number;
  /** Of payload, each. */
  readonly octets: number;
}

/** Few, so that making them does not make the process large before it is watched. */
const DIFFERENT_PARCELS = 10;

const settings: PackingSettings = JSON.parse(process.argv[2] ?? '{}');
const world = await makeCargoWorld();
const { octets } = settings;
const templates = await makeParcels(world, { parcels: DIFFERENT_PARCELS, octets });

/** Each parcel in memory of its own, as when it is fetched. */
function* parcels() {
  for (let index = 0; index < settings.parcels; index++) {
    yield Uint8Array.from(templates[index % DIFFERENT_PARCELS] ?? []);
  }
}

serveVitals(
  {},
  {
    async pack() {
      let cargoes = 0;
      const packed = packParcels(world, generateSessionKey(), parcels(), { isLastUse: true });
      for await (const cargo of packed) {
        // Where parcels are fetched the event loop turns by itself, and memory is sampled.
        await setImmediate();
        // As the service for couriers does once a cargo is sent.
        freeOctets(cargo);
        cargoes += 1;
      }
      return cargoes;
    },
  },
);
