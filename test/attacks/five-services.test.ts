import { describe, it } from 'node:test';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import { undergoAsFiveServices } from './long/as-five-services.ts';
import { assertAllServed } from './long/serving.ts';

const TURNS = 4;

describe('Five services on emulators serve honest clients', {
  skip: await missingForServices(),
}, () => {
  for (const row of [
    {
      says: 'twice 10 cargoes of 1 000 acknowledgements',
      attack: 'floodOfAcknowledgements',
      count: 1_000,
      honest: ['getsCouriersParcel', 'deliversCargo'],
    },
    {
      says: 'bad handshakes of 40 clients',
      attack: 'badHandshakes',
      count: 20,
      honest: ['collectsParcel'],
    },
    {
      says: '120 collections of one key in two processes of 20 places',
      attack: 'manyCollections',
      count: 60,
      honest: ['collectsParcel'],
      environment: { MAX_COLLECTORS: '20', MAX_WAITING_COLLECTORS: '10' },
    },
    {
      says: '100 DeliverCargo calls that say nothing',
      attack: 'silentDeliveries',
      count: 50,
      honest: ['deliversCargo'],
    },
    {
      says: '200 POSTs that drip',
      attack: 'drippedUploads',
      count: 100,
      honest: ['readsParameters', 'deliversParcel'],
    },
  ] as const) {
    it(`during ${row.says}`, async () => {
      assertAllServed(await undergoAsFiveServices(row, TURNS));
    });
  }
});
