import { describe } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { describeRecordStore } from '../contract.ts';
import { FirestoreRecordStore } from './record-store.ts';

const firestore = await backing('firestore');

describe('Firestore', { skip: firestore.missing }, () => {
  describeRecordStore(
    'Firestore',
    async (clock) => {
      const store = new FirestoreRecordStore({
        project: uniqueName('records'),
        emulatorAddress: firestore.address,
        // Deadlines run in real time, whatever the time of the records.
        clock: { now: () => clock.now(), schedule: systemClock.schedule },
        pageSize: 50,
        deadlineMs: 20_000,
      });
      return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    },
    { sweeps: false },
  );
});
