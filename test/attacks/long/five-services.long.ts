import { describe, it } from 'node:test';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import { undergoAsFiveServices } from './as-five-services.ts';
import { assertAllServed } from './serving.ts';

const TURNS = 20;

describe('Five services on emulators serve honest clients', {
  skip: await missingForServices(),
}, () => {
  for (const row of [
    {
      says: 'twice 10 cargoes of 54 277 acknowledgements',
      attack: 'floodOfAcknowledgements',
      count: 54_277,
      honest: ['getsCouriersParcel', 'deliversCargo'],
    },
    {
      says: 'bad handshakes of 1 000 clients, each every 3 s',
      attack: 'badHandshakes',
      count: 500,
      honest: ['collectsParcel'],
    },
    {
      says: '2 000 collections of one key in two processes of 500 places',
      attack: 'manyCollections',
      count: 1_000,
      honest: ['collectsParcel'],
      environment: { MAX_COLLECTORS: '500', MAX_WAITING_COLLECTORS: '200' },
    },
    {
      says: '100 DeliverCargo calls that say nothing',
      attack: 'silentDeliveries',
      count: 50,
      honest: ['deliversCargo'],
    },
    {
      says: '2 000 POSTs that drip',
      attack: 'drippedUploads',
      count: 1_000,
      honest: ['readsParameters', 'deliversParcel'],
    },
  ] as const) {
    it(`during ${row.says}`, async () => {
      assertAllServed(await undergoAsFiveServices(row, TURNS));
    });
  }
});
