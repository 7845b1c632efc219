import { pipeline } from 'node:stream/promises';
import { type Bucket, Storage } from '@google-cloud/storage';
import { BackupError } from '../backup-error.ts';
import type { BucketAddress } from './bucket-address.ts';
import type { BackupPlace } from './place.ts';

/**
 * What is uploaded in a request. In a single request for all, one that is cut short would stay open
 * for ever (googleapis/google-cloud-node#7998).
 */
const CHUNK_OCTETS = 32 * 1_024 * 1_024;

/**
 * A bucket of Cloud Storage. A backup is there once it was uploaded whole; one that does not verify
 * is removed again.
 */
export class GcsPlace implements BackupPlace {
  readonly address: string;
  readonly #folder: string;
  readonly #bucket: Bucket;

  /** @param apiEndpoint - of another server with the same API; null for Google's */
  constructor({ address, bucket, folder }: BucketAddress, apiEndpoint: URL | null) {
    this.address = address;
    this.#folder = folder;
    const storage = new Storage({
      ...(apiEndpoint && {
        apiEndpoint: apiEndpoint.origin,
        useAuthWithCustomEndpoint: apiEndpoint.protocol === 'https:',
      }),
    });
    this.#bucket = storage.bucket(bucket);
  }

  async otherOwner(): Promise<null> {
    return null;
  }

  become(): void {}

  async write(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = this.#file(name).createWriteStream({ resumable: true, chunkSize: CHUNK_OCTETS });
    await this.#inWords(() => pipeline(octets, upload));
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#file(name).createReadStream();
    } catch (error) {
      throw this.#worded(error);
    }
  }

  async publish(): Promise<void> {}

  async discard(name: string): Promise<void> {
    await this.remove(name);
  }

  async list(): Promise<readonly string[]> {
    const query = { prefix: this.#folder, delimiter: '/' };
    const [files] = await this.#inWords(() => this.#bucket.getFiles(query));
    return files.map(({ name }) => name.slice(this.#folder.length));
  }

  async remove(name: string): Promise<void> {
    await this.#inWords(() => this.#file(name).delete({ ignoreNotFound: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #file(name: string) {
    return this.#bucket.file(`${this.#folder}${name}`);
  }

  async #inWords<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw this.#worded(error);
    }
  }

  #worded(error: unknown): unknown {
    return error instanceof BackupError || !(error instanceof Error)
      ? error
      : new BackupError(`${this.address}: ${error.message}`, { cause: error });
  }
}
