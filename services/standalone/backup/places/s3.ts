import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { BackupError } from '../backup-error.ts';
import type { BucketAddress } from './bucket-address.ts';
import type { BackupPlace } from './place.ts';

/** S3 takes 10 000 parts: 320 GB. */
const PART_OCTETS = 32 * 1_024 * 1_024;
const PARTS_AT_ONCE = 2;
const CONNECTION_TIMEOUT_MS = 10_000;
/** Without an octet. */
const IDLE_TIMEOUT_MS = 60_000;

/** How to reach S3, or a service with its API. */
export interface S3Access {
  /** Null for Amazon's. */
  readonly endpoint: URL | null;
  readonly region: string;
  /** Null to look where Amazon's tools look: `~/.aws`, the machine's role. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } | null;
}

/**
 * A bucket with the API of S3. A backup is there once it was uploaded whole; one that does not verify
 * is removed again.
 */
export class S3Place implements BackupPlace {
  readonly address: string;
  readonly #bucket: BucketAddress;
  readonly #client: S3Client;

  constructor(bucket: BucketAddress, { endpoint, region, credentials }: S3Access) {
    this.address = bucket.address;
    this.#bucket = bucket;
    this.#client = new S3Client({
      region,
      ...(endpoint && { endpoint: endpoint.href, forcePathStyle: true }),
      ...(credentials && { credentials }),
      // Not every service knows the newer checksums, and backups are read back.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        socketTimeout: IDLE_TIMEOUT_MS,
      },
    });
  }

  async otherOwner(): Promise<null> {
    return null;
  }

  become(): void {}

  async write(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#object(name), Body: Readable.from(octets) },
      partSize: PART_OCTETS,
      queueSize: PARTS_AT_ONCE,
    });
    await this.#inWords(() => upload.done());
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const command = new GetObjectCommand(this.#object(name));
    const { Body } = await this.#inWords(() => this.#client.send(command));
    if (!(Body instanceof Readable)) {
      throw new BackupError(`${this.address} has no ${name}`);
    }
    yield* Body;
  }

  async publish(): Promise<void> {}

  async discard(name: string): Promise<void> {
    await this.remove(name);
  }

  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    const { bucket, folder } = this.#bucket;
    const query = { Bucket: bucket, Prefix: folder, Delimiter: '/' };
    await this.#inWords(async () => {
      for await (const page of paginateListObjectsV2({ client: this.#client }, query)) {
        for (const { Key = '' } of page.Contents ?? []) {
          names.push(Key.slice(folder.length));
        }
      }
    });
    return names;
  }

  async remove(name: string): Promise<void> {
    await this.#inWords(() => this.#client.send(new DeleteObjectCommand(this.#object(name))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
  }

  #object(name: string) {
    return { Bucket: this.#bucket.bucket, Key: `${this.#bucket.folder}${name}` };
  }

  async #inWords<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw error instanceof BackupError || !(error instanceof Error)
        ? error
        : new BackupError(`${this.address}: ${error.name}: ${error.message || 'no answer'}`, {
            cause: error,
          });
    }
  }
}
