import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempDisposable, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { backing, missingProgram } from '#test/backing/backing.ts';
import { startChildServer } from '#test/backing/child-server.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { createTestBucket } from '#test/backing/gcs-bucket.ts';
import { obtainFakeS3 } from '#test/backing/programs.ts';
import { BackupError } from '../backup-error.ts';
import { UNFINISHED } from '../backup-names.ts';
import { parseBucketAddress } from './bucket-address.ts';
import { FolderPlace } from './folder.ts';
import { GcsPlace } from './gcs.ts';
import type { BackupPlace } from './place.ts';
import { S3Place } from './s3.ts';

const MIB = 1_024 * 1_024;
const NAME = 'gateway.example-2026-01-01T00-00-00Z.tar.age';
const CREDENTIALS = { accessKeyId: 'key', secretAccessKey: 'secret' };

type OpenPlace = () => Promise<AsyncDisposable & { readonly place: BackupPlace }>;

/** What every place of backups promises. */
function describePlace(name: string, skip: false | string, open: OpenPlace): void {
  describe(name, { skip }, () => {
    it('gives back what was written, in many pieces, and lists it once it is published', async () => {
      await using opened = await open();
      const { place } = opened;
      await place.write(NAME, pieces(80));
      assert.equal(await digestOf(place.read(NAME)), await digestOf(pieces(80)));
      await place.publish(NAME);
      assert.deepEqual(await place.list(), [NAME]);
      assert.equal(await digestOf(place.read(NAME)), await digestOf(pieces(80)));
      await place.remove(NAME);
      assert.deepEqual(await place.list(), []);
      await place.remove(NAME);
    });

    it('keeps nothing of what was cut short, nor of what is discarded', async () => {
      await using opened = await open();
      const { place } = opened;
      const cut = place.write(NAME, cutAfter(70));
      await assert.rejects(cut, /the source failed/);
      assert.deepEqual(await place.list(), []);
      await place.write(NAME, pieces(1));
      await place.discard(NAME);
      assert.deepEqual(await place.list(), []);
    });
  });
}

describePlace('A folder', false, async () => {
  const folder = await mkdtempDisposable(join(tmpdir(), 'awala-backups-'));
  const place = new FolderPlace(join(folder.path, 'made'));
  return { place, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});

describe('A folder of which another has the rights too', () => {
  it('reads no pipe that was put in the place of what it wrote', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-backups-'));
    const place = new FolderPlace(folder.path);
    await place.write(NAME, pieces(1));
    const [name = ''] = await readdir(folder.path);
    await rm(join(folder.path, name));
    await promisify(execFile)('mkfifo', [join(folder.path, name)]);
    await assert.rejects(digestOf(place.read(NAME)), {
      name: 'BackupError',
      message: `${join(folder.path, NAME)} is no ordinary file`,
    });
  });
});

describe('A folder in which a backup was cut short', () => {
  it('gives back the finished backup of that name', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-backups-'));
    const place = new FolderPlace(folder.path);
    await place.write(NAME, pieces(2));
    await place.publish(NAME);
    await writeFile(join(folder.path, `${NAME}${UNFINISHED}`), 'half a backup');
    assert.equal(await digestOf(place.read(NAME)), await digestOf(pieces(2)));
  });
});

describe('A folder that two machines of one name back up to', () => {
  it('lets neither write, publish over or remove what is the other’s', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-backups-'));
    const [one, other] = [new FolderPlace(folder.path), new FolderPlace(folder.path)];
    await one.write(NAME, pieces(1));
    await other.write(NAME, pieces(2));
    assert.equal(await digestOf(one.read(NAME)), await digestOf(pieces(1)));
    await one.publish(NAME);
    assert.equal(await digestOf(other.read(NAME)), await digestOf(pieces(2)));
    await assert.rejects(other.publish(NAME), isRefusal(/exists already$/));
    await other.discard(NAME);
    assert.deepEqual(await one.list(), [NAME]);
    assert.equal(await digestOf(other.read(NAME)), await digestOf(pieces(1)));
  });
});

const s3 = await obtainFakeS3();
const gcs = await backing('gcs');

async function startS3() {
  assert.ok('path' in s3);
  return startChildServer(s3.path, (port) => [
    ...['-host', `127.0.0.1:${port}`, '-backend', 'memory', '-initialbucket', 'backups'],
  ]);
}

function s3Place(port: number, address = 's3://backups/of/gateways'): S3Place {
  const endpoint = new URL(`http://127.0.0.1:${port}`);
  const access = { endpoint, region: 'us-east-1', credentials: CREDENTIALS };
  return new S3Place(parseBucketAddress(address), access);
}

describePlace('A bucket of S3', missingProgram(s3), async () => {
  const server = await startS3();
  const place = s3Place(server.port);
  return {
    place,
    [Symbol.asyncDispose]: async () => {
      await place[Symbol.asyncDispose]();
      await server.stop();
    },
  };
});

describePlace('A bucket of Cloud Storage', gcs.missing, async () => {
  const bucket = await createTestBucket(gcs.address);
  const place = new GcsPlace(
    parseBucketAddress(`gs://${bucket}`),
    new URL(`http://${gcs.address}`),
  );
  return { place, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
});

describe('A place of backups that cannot be used', () => {
  it('is named with what it says', { skip: missingProgram(s3) }, async () => {
    const server = await startS3();
    await using place = s3Place(server.port, 's3://nobodys');
    await assert.rejects(
      place.write(NAME, pieces(1)),
      isRefusal(/^s3:\/\/nobodys\/: NoSuchBucket/),
    );
    await assert.rejects(place.list(), isRefusal(/NoSuchBucket/));
    await assert.rejects(digestOf(place.read(NAME)), isRefusal(/NoSuch(Key|Bucket)/));
    await server.stop();
  });

  it('is named where nobody listens', async () => {
    await using place = s3Place(await freePort());
    await assert.rejects(
      place.list(),
      isRefusal(/^s3:\/\/backups\/of\/gateways\/: .*ECONNREFUSED/),
    );
  });

  it('is named where the bucket of Cloud Storage does not exist', {
    skip: gcs.missing,
  }, async () => {
    const bucket = parseBucketAddress('gs://nobodys-bucket/x');
    await using place = new GcsPlace(bucket, new URL(`http://${gcs.address}`));
    await assert.rejects(place.list(), isRefusal(/^gs:\/\/nobodys-bucket\/x\/: /));
    await assert.rejects(place.write(NAME, pieces(1)), isRefusal(/^gs:\/\/nobodys-bucket\/x\/: /));
  });
});

describe('The address of a bucket', () => {
  it('names a folder, or one backup', () => {
    assert.deepEqual(parseBucketAddress('s3://backups/a/b'), {
      address: 's3://backups/a/b/',
      bucket: 'backups',
      folder: 'a/b/',
      name: null,
    });
    assert.deepEqual(parseBucketAddress('gs://backups'), {
      address: 'gs://backups/',
      bucket: 'backups',
      folder: '',
      name: null,
    });
    assert.deepEqual(parseBucketAddress(`s3://backups/a/${NAME}`), {
      address: 's3://backups/a/',
      bucket: 'backups',
      folder: 'a/',
      name: NAME,
    });
    assert.throws(() => parseBucketAddress('s3:///a'), isRefusal(/names no bucket/));
  });
});

function isRefusal(message: RegExp) {
  return (error: unknown) => error instanceof BackupError && message.test(error.message);
}

async function* pieces(count: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; index < count; index++) {
    yield Buffer.alloc(MIB, index + 1);
  }
}

async function* cutAfter(count: number): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces(count);
  throw new BackupError('the source failed');
}

async function digestOf(octets: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of octets) {
    hash.update(piece);
  }
  return hash.digest('hex');
}
