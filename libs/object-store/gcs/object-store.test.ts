import { once } from 'node:events';
import { request } from 'node:http';
import { describe } from 'node:test';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { describeObjectStore } from '../contract.ts';
import { GcsObjectStore } from './object-store.ts';

const gcs = await backing('gcs');

describe('Cloud Storage', { skip: gcs.missing }, () => {
  describeObjectStore(
    'a bucket of Cloud Storage',
    async () => {
      const bucket = uniqueName('objects');
      await createBucket(gcs.address, bucket);
      const store = new GcsObjectStore({
        bucket,
        apiEndpoint: `http://${gcs.address}`,
        pageSize: 50,
        deadlineMs: 10_000,
      });
      return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    },
    { sweeps: false },
  );
});

async function createBucket(address: string, name: string): Promise<void> {
  const outgoing = request(`http://${address}/storage/v1/b?project=test`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  outgoing.end(JSON.stringify({ name }));
  const [response] = await once(outgoing, 'response');
  response.resume();
  await once(response, 'end');
}
