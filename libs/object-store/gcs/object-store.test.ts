import { describe } from 'node:test';
import { backing } from '#test/backing/backing.ts';
import { createTestBucket } from '#test/backing/gcs-bucket.ts';
import { describeObjectStore } from '../contract.ts';
import { GcsObjectStore } from './object-store.ts';

const gcs = await backing('gcs');

describe('Cloud Storage', { skip: gcs.missing }, () => {
  describeObjectStore(
    'a bucket of Cloud Storage',
    async () => {
      const store = new GcsObjectStore({
        bucket: await createTestBucket(gcs.address),
        apiEndpoint: `http://${gcs.address}`,
        pageSize: 50,
        deadlineMs: 10_000,
      });
      return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    },
    { sweeps: false },
  );
});
