import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeader } from 'node:http';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Bucket, Storage } from '@google-cloud/storage';
import { Agent, buildConnector } from 'undici';
import { crc32cBase64 } from '#backing/crc32c.ts';
import { openClient } from './client.ts';
import { GcsStatusError } from './errors.ts';
import { download, expiryMetadata, readPage, remove, upload } from './stored-objects.ts';
import { sendOver } from './transport.ts';

const KEY = 'parcels/a b';
const BODY = Buffer.from('parcel');
const EXPIRES_AT = new Date('2027-01-01T00:00:00Z');
const GENERATION = '1700000000000001';
const PAGE = { prefix: 'parcels/', startOffset: 'parcels/a', pageToken: 'T==', maxResults: 9 };

/** Each call, as ours makes it and as the library does by itself. */
const CALLS: Readonly<Record<string, readonly [Call, Call]>> = {
  'an upload': [
    (bucket, signal) => upload(bucket, { key: KEY, body: BODY, expiresAt: EXPIRES_AT }, signal),
    (bucket) => {
      const metadata = { ...expiryMetadata(EXPIRES_AT), crc32c: crc32cBase64(BODY) };
      return bucket.file(KEY).save(BODY, { resumable: false, validation: false, metadata });
    },
  ],
  'a download': [
    (bucket, signal) => download(bucket, KEY, signal),
    (bucket) => Array.fromAsync(bucket.file(KEY).createReadStream()),
  ],
  'a deletion': [
    (bucket, signal) => remove(bucket, { key: KEY, generation: undefined }, signal),
    (bucket) => bucket.file(KEY).delete(),
  ],
  'the deletion of a generation': [
    (bucket, signal) => remove(bucket, { key: KEY, generation: GENERATION }, signal),
    (bucket) =>
      bucket.file(KEY, { generation: GENERATION }).delete({ ifGenerationMatch: GENERATION }),
  ],
  'a page of a listing': [
    (bucket, signal) => readPage(bucket, PAGE, signal),
    (bucket) => {
      const fields = 'items(name,generation,customTime,timeCreated,size),nextPageToken';
      return bucket.getFiles({ ...PAGE, fields, autoPaginate: false });
    },
  ],
  'a look at the settings': [(bucket) => bucket.getMetadata(), (bucket) => bucket.getMetadata()],
  'a change of the settings': [
    (bucket) => bucket.setMetadata({ versioning: { enabled: false } }),
    (bucket) => bucket.setMetadata({ versioning: { enabled: false } }),
  ],
  'the creation of a bucket': [
    (bucket) => bucket.create({ location: 'EU' }),
    (bucket) => bucket.create({ location: 'EU' }),
  ],
};

describe('requests to Cloud Storage', () => {
  for (const [name, [ours, theirs]] of Object.entries(CALLS)) {
    it(`are those of the client library: ${name}`, async () => {
      await using service = await startService();
      const client = await openOurs(service.origin);
      await ours(client.bucket, AbortSignal.timeout(60_000));
      client.close();
      const options = { apiEndpoint: service.origin, projectId: 'project' };
      await theirs(new Storage(options).bucket('bucket'), AbortSignal.timeout(60_000));
      const [made, expected, ...others] = service.requests;
      assert.deepEqual(others, []);
      assert.deepEqual(made, expected);
    });
  }

  it('end with their signal, also while they wait for a connection, and are not sent then', async () => {
    await using service = await startService();
    const connecting = Promise.withResolvers<void>();
    const connect = buildConnector({});
    const connections = new Agent({
      connect: (options, callback) =>
        void connecting.promise.then(() => connect(options, callback)),
    });
    const storage = new Storage({ apiEndpoint: service.origin, projectId: 'project' });
    sendOver({ connections, authorise: null }, storage);
    const caller = new AbortController();
    const removing = remove(
      storage.bucket('bucket'),
      { key: KEY, generation: undefined },
      caller.signal,
    );
    await setImmediate();
    caller.abort(new Error('nobody waits'));
    await assert.rejects(removing, /nobody waits/);
    connecting.resolve();
    await download(storage.bucket('bucket'), KEY, AbortSignal.timeout(60_000));
    assert.equal(service.requests.length, 1);
    await connections.close();
  });

  it('reuse connections', async () => {
    await using service = await startService();
    const client = await openOurs(service.origin);
    for (let request = 0; request < 9; request++) {
      await download(client.bucket, KEY, AbortSignal.timeout(60_000));
    }
    // One request may start before the connection of the other is done with it.
    assert.ok(service.connections <= 2, `${service.connections}`);
    client.close();
  });

  it('go through the proxy that the environment names', async (test) => {
    await using service = await startService();
    const { http_proxy: before = '' } = process.env;
    test.after(() => Object.assign(process.env, { http_proxy: before }));
    process.env.http_proxy = service.origin;
    const client = await openOurs('http://storage.invalid');
    await client.bucket.getMetadata();
    assert.equal(service.requests[0]?.request, 'GET /storage/v1/b/bucket');
    client.close();
  });

  it('bear what authorises them', async () => {
    await using service = await startService();
    const asked: string[] = [];
    const authorise = async (url: string) => {
      asked.push(url);
      return { authorization: 'Bearer token' };
    };
    const storage = new Storage({ apiEndpoint: service.origin, projectId: 'project' });
    const connections = new Agent();
    sendOver({ connections, authorise }, storage);
    await storage.bucket('bucket').getMetadata();
    assert.deepEqual(asked, [`${service.origin}/storage/v1/b/bucket`]);
    assert.equal(service.requests[0]?.headers.authorization, 'Bearer token');
    await connections.destroy();
  });

  it('fail with the message of the service, or else with all that it says', async () => {
    await using service = await startService();
    const client = await openOurs(service.origin);
    for (const [said, told] of [
      ['{"error":{"code":404,"message":"No such object"}}', 'No such object'],
      ['{"error":"odd"}', '{"error":"odd"}'],
      ['<p>Not here</p>', '<p>Not here</p>'],
    ] as const) {
      service.refusal = said;
      await assert.rejects(
        client.bucket.getMetadata(),
        (error) =>
          error instanceof GcsStatusError &&
          error.status === 404 &&
          error.message === `Cloud Storage answered 404: ${told}`,
      );
    }
    client.close();
  });

  it('fail if the answer is not what its checksum says, or has none', async () => {
    await using service = await startService();
    const client = await openOurs(service.origin);
    for (const header of ['md5=xxxx', 'crc32c=AAAAAA==', []]) {
      service.checksum = header;
      await assert.rejects(
        download(client.bucket, KEY, AbortSignal.timeout(60_000)),
        /whose checksum is another/,
      );
    }
    client.close();
  });
});

type Call = (bucket: Bucket, signal: AbortSignal) => Promise<unknown>;

function openOurs(apiEndpoint: string) {
  return openClient({ bucket: 'bucket', apiEndpoint, project: 'project' });
}

interface Received {
  readonly request: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers as Cloud Storage does, and keeps what it was asked. */
async function startService() {
  const service = {
    origin: '',
    requests: [] as Received[],
    connections: 0,
    /** The body of a 404 to answer with. */
    refusal: null as string | null,
    /** The service has a line for each of the two. */
    checksum: [`crc32c=${crc32cBase64(BODY)}`, 'md5=xxxx'] as OutgoingHttpHeader,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await Array.fromAsync(incoming)).toString();
    const url = new URL(incoming.url ?? '', service.origin);
    service.requests.push(
      received(`${incoming.method} ${url.pathname}`, url, incoming.headers, body),
    );
    if (service.refusal !== null) {
      outgoing.writeHead(404).end(service.refusal);
    } else if (url.searchParams.has('alt')) {
      outgoing
        .writeHead(200, {
          'content-type': expiryMetadata(EXPIRES_AT).contentType,
          'x-goog-generation': GENERATION,
          'x-goog-hash': service.checksum,
          'x-goog-stored-content-encoding': 'identity',
        })
        .end(BODY);
    } else if (incoming.method === 'DELETE') {
      outgoing.writeHead(204).end();
    } else {
      outgoing.setHeader('content-type', 'application/json; charset=UTF-8');
      outgoing.end(JSON.stringify({ generation: GENERATION }));
    }
  }).listen(0, '127.0.0.1');
  server.on('connection', () => service.connections++);
  await once(server, 'listening');
  const address = server.address();
  service.origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return service;
}

/** How octets are carried; the library reads compressed answers, which the service does not send. */
const OF_THE_CONNECTION = new Set([
  'accept',
  'connection',
  'content-length',
  'host',
  'transfer-encoding',
]);
const COMPRESSIONS_OF_LIBRARY = /^gzip, ?deflate/;
const RANDOM = /\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g;

/** Without what differs from request to request. */
function received(request: string, url: URL, headers: IncomingHttpHeaders, body: string): Received {
  const compared = Object.entries(headers).filter(
    ([name, value]) =>
      !OF_THE_CONNECTION.has(name) &&
      !(name === 'accept-encoding' && COMPRESSIONS_OF_LIBRARY.test(String(value))),
  );
  const told = compared.map(([name, value]) => [name, String(value).replaceAll(RANDOM, '…')]);
  return {
    request,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(told),
    body: body.replaceAll(RANDOM, '…'),
  };
}
