import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { provisionBucket, verifyBucket } from './bucket.ts';
import { GcsStatusError } from './errors.ts';

const PLACE = { bucket: 'parcels', project: 'project', location: 'EUROPE-WEST3', maxAgeDays: 180 };

describe('the settings of a bucket', () => {
  it('are well once a new bucket was provisioned, and after that is done again', async () => {
    await using service = await startBucketService();
    const place = { ...PLACE, apiEndpoint: service.origin };
    await provisionBucket(place);
    assert.deepEqual(await verifyBucket(place), []);
    assert.equal(service.bucket?.location, 'EUROPE-WEST3');
    await provisionBucket(place);
    assert.deepEqual(await verifyBucket(place), []);
  });

  it('are of a bucket in the project that is named, or else in that of the credentials', async (test) => {
    const { GCLOUD_PROJECT = '' } = process.env;
    test.after(() => Object.assign(process.env, { GCLOUD_PROJECT }));
    process.env.GCLOUD_PROJECT = 'of-the-credentials';
    for (const [project, expected] of [
      ['named', 'named'],
      ['', 'of-the-credentials'],
    ] as const) {
      await using service = await startBucketService();
      await provisionBucket({ ...PLACE, project, apiEndpoint: service.origin });
      assert.equal(service.project, expected);
    }
  });

  it('are mended in a bucket that is there', async () => {
    await using service = await startBucketService();
    const place = { ...PLACE, apiEndpoint: service.origin };
    service.bucket = {
      name: 'parcels',
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 365 } }] },
      softDeletePolicy: { retentionDurationSeconds: '604800' },
      versioning: { enabled: true },
    };
    assert.equal((await verifyBucket(place)).length, 6);
    await provisionBucket(place);
    assert.deepEqual(await verifyBucket(place), []);
  });

  it('are not well with a rule that only some expired objects meet', async () => {
    await using service = await startBucketService();
    const place = { ...PLACE, apiEndpoint: service.origin };
    await provisionBucket(place);
    const condition = { daysSinceCustomTime: 0, matchesPrefix: ['cargo/'] };
    const rule = [
      { action: { type: 'Delete' }, condition },
      { action: { type: 'Delete' }, condition: { age: 180 } },
    ];
    service.bucket = { ...service.bucket, lifecycle: { rule } };
    assert.deepEqual(await verifyBucket(place), ['Expired objects are not removed.']);
  });

  it('of a bucket that is not there are an error', async () => {
    await using service = await startBucketService();
    await assert.rejects(
      verifyBucket({ ...PLACE, apiEndpoint: service.origin }),
      (error) => error instanceof GcsStatusError && error.status === 404,
    );
  });
});

/** Keeps the settings of one bucket, which servers for tests do not. */
async function startBucketService() {
  const service = {
    bucket: null as Record<string, unknown> | null,
    /** Where a bucket was created. */
    project: null as string | null,
    origin: '',
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await Array.fromAsync(request)).toString();
    const isKnown = service.bucket !== null;
    service.project ??= new URL(request.url ?? '', service.origin).searchParams.get('project');
    if (request.method === 'POST' || (request.method === 'PATCH' && isKnown)) {
      service.bucket = { ...service.bucket, ...JSON.parse(text) };
    }
    response.statusCode = request.method === 'POST' || isKnown ? 200 : 404;
    response.end(JSON.stringify(service.bucket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  service.origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return service;
}
