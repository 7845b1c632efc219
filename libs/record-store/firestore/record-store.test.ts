import { after, describe } from 'node:test';
import { type Clock, systemClock } from '#clock/clock.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { startFirestoreServer } from '#test/backing/firestore-server/firestore-server.ts';
import { describeRecordStore } from '../contract.ts';
import { FirestoreRecordStore } from './record-store.ts';

const firestore = await backing('firestore');

describe('Firestore', { skip: firestore.missing }, () => {
  describeRecordStore('Firestore', async (clock) => open(firestore.address, clock), {
    sweeps: false,
  });
});

const server = await startFirestoreServer();

describe('the small Firestore server of the tests', () => {
  after(() => server.stop());

  describeRecordStore('the small server', async (clock) => open(server.address, clock), {
    sweeps: false,
  });
});

function open(emulatorAddress: string, clock: Clock) {
  const store = new FirestoreRecordStore({
    database: '(default)',
    project: uniqueName('records'),
    emulatorAddress,
    // Deadlines run in real time, whatever the time of the records.
    clock: { ...systemClock, now: () => clock.now() },
    pageSize: 50,
    deadlineMs: 20_000,
  });
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}
