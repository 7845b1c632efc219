import { randomBytes } from 'node:crypto';
import { type Bucket, CRC32C, Storage } from '@google-cloud/storage';
import { Agent } from 'undici';
import { crc32c, crc32cBase64 } from '#backing/crc32c.ts';
import { GcsObjectStore } from '#object-store/gcs/object-store.ts';
import { expiryMetadata } from '#object-store/gcs/stored-objects.ts';
import { backing } from '#test/backing/backing.ts';
import { createTestBucket } from '#test/backing/gcs-bucket.ts';
import { MachinePace } from '../machine/pace.ts';
import { candidate, type Round, sideBySide } from '../measure.ts';
import type { Row } from '../rows/row.ts';

const KEYS = Array.from({ length: 100 }, (_, index) => `bench/${index}`);
const BODY = randomBytes(1_024);
const LARGE_BODY = randomBytes(8 * 1_024 * 1_024);
const EXPIRES_AT = new Date(Date.now() + 86_400_000);
const DEADLINE_MS = 10_000;
/** Milliseconds of CPU that a call of ours may take. */
const MOST_MS = { put: 0.5, get: 0.3, delete: 0.2 } as const;
/** What ours may take at most, times what the library takes. */
const OF_LIBRARY = 0.5;
const CHECKSUM_OF_LIBRARY = 0.25;
const LIBRARY = 'the client library as it comes';

/** A way to make the calls, which resolve once their object is stored, read or deleted. */
interface Way {
  put(key: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/**
 * CPU time of a call to Cloud Storage, one after the other, over loopback without TLS or credentials:
 * the client library as it comes, our adapter, and bare requests.
 */
export async function run(): Promise<readonly Row[]> {
  const { address } = await backing('gcs');
  const apiEndpoint = `http://${address}`;
  const bucket = await createTestBucket(address);
  await using store = new GcsObjectStore({ bucket, apiEndpoint, deadlineMs: DEADLINE_MS });
  const peer = libraryAsItComes(new Storage({ apiEndpoint, projectId: 'bench' }).bucket(bucket));
  const ours: Way = {
    put: (key) => store.put(key, BODY, { expiresAt: EXPIRES_AT }),
    get: (key) => store.get(key),
    delete: (key) => store.delete(key),
  };
  const floor = bareRequests(apiEndpoint, bucket);
  const storeAll = () => Promise.all(KEYS.map((key) => ours.put(key)));
  await using machine = await MachinePace.start();
  const rows: Row[] = [];
  for (const call of ['put', 'get', 'delete'] as const) {
    // What bare requests stored lacks what ours needs.
    await storeAll();
    const prepare = call === 'delete' ? storeAll : undefined;
    const by = (way: Way) =>
      candidate(KEYS, (key) => way[call](key), { ...(prepare && { prepare }) });
    const rounds = await sideBySide({ ours: by(ours), peer: by(peer), floor: by(floor) });
    rows.push(...callRows(call, rounds, await machine.measure()));
  }
  return [...rows, await checksumRow()];
}

function callRows(
  call: keyof Way,
  rounds: readonly Round<'ours' | 'peer' | 'floor'>[],
  pace: number,
): readonly Row[] {
  const name = `${call} 1 KiB in Cloud Storage: CPU`;
  const turns = (of: 'peer' | 'floor' | null) =>
    rounds.map(({ cpuMs, others }) => ({
      value: cpuMs.ours,
      against: of && cpuMs[of],
      others,
      pace,
    }));
  const unit = 'ms of CPU';
  return [
    { name, unit, against: null, mark: MOST_MS[call], turns: turns(null) },
    { name, unit, against: LIBRARY, mark: OF_LIBRARY, turns: turns('peer') },
    { name, unit, against: 'bare requests', mark: null, turns: turns('floor') },
  ];
}

async function checksumRow(): Promise<Row> {
  const rounds = await sideBySide({
    ours: candidate([LARGE_BODY], crc32c),
    peer: candidate([LARGE_BODY], (body) => {
      const checksum = new CRC32C();
      checksum.update(body);
    }),
  });
  return {
    name: 'CRC32C of 8 MiB: CPU',
    unit: 'ms of CPU',
    against: LIBRARY,
    mark: CHECKSUM_OF_LIBRARY,
    turns: rounds.map(({ cpuMs, others }) => ({ value: cpuMs.ours, against: cpuMs.peer, others })),
  };
}

/** The same calls by the methods that the library has for them, over its own connections. */
function libraryAsItComes(bucket: Bucket): Way {
  return {
    put: (key) => {
      const metadata = { ...expiryMetadata(EXPIRES_AT), crc32c: crc32cBase64(BODY) };
      return bucket.file(key).save(BODY, { resumable: false, validation: false, metadata });
    },
    get: async (key) => {
      const stream = bucket.file(key).createReadStream({ validation: 'crc32c' });
      // It has more listeners than Node's warning of leaks allows for.
      stream.once('response', (response) => response.setMaxListeners(0));
      return Buffer.concat(await Array.fromAsync(stream));
    },
    delete: (key) => bucket.file(key).delete(),
  };
}

/** Requests that ask for the same, and know nothing of Cloud Storage. */
function bareRequests(origin: string, bucket: string): Way {
  const agent = new Agent();
  const headers = { 'content-type': 'application/octet-stream' };
  const ask = async (method: 'POST' | 'GET' | 'DELETE', path: string, body?: Uint8Array) => {
    const sent = body ? { body, headers } : {};
    const answer = await agent.request({ origin, method, path, ...sent });
    if (answer.statusCode >= 300) {
      throw new Error(`${method} ${path} was answered ${answer.statusCode}`);
    }
    return answer.body.arrayBuffer();
  };
  const objects = `/storage/v1/b/${bucket}/o`;
  return {
    put: (key) => ask('POST', `/upload${objects}?uploadType=media&name=${key}`, BODY),
    get: (key) => ask('GET', `${objects}/${encodeURIComponent(key)}?alt=media`),
    delete: (key) => ask('DELETE', `${objects}/${encodeURIComponent(key)}`),
  };
}
