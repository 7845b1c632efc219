import type { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import type { StoredObject } from '../port.ts';
import { expiryOfDownload } from './stored-expiry.ts';

const MOST_LISTENERS = 20;

/** A response as the library gives it: a stream of the body, with headers. */
interface DownloadResponse extends Readable {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads an object in one request; its headers give generation and expiry. The library checks the
 * body's CRC32C.
 */
export async function download(file: File): Promise<StoredObject> {
  const stream = file.createReadStream({ decompress: false, validation: 'crc32c' });
  let response: DownloadResponse | undefined;
  stream.once('response', (arrived: DownloadResponse) => {
    response = arrived;
    // The library pipes through more layers than Node's leak warning allows for.
    arrived.setMaxListeners(MOST_LISTENERS);
  });
  const parts: Buffer[] = [];
  for await (const part of stream) {
    parts.push(part);
  }
  const generation = response?.headers['x-goog-generation'];
  const expiresAt = expiryOfDownload(response?.headers['content-type']);
  if (generation === undefined || expiresAt === null) {
    throw new Error('Cloud Storage returned an object without generation or expiry');
  }
  const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  return { body, generation, expiresAt };
}
