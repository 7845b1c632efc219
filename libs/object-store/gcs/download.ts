import type { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import type { StoredObject } from '../port.ts';
import { expiryOfDownload } from './stored-expiry.ts';

const MOST_LISTENERS = 20;

/** Of an answer, as the library gives it: the stream of its body, with its headers. */
interface DownloadResponse extends Readable {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads an object whole in one request, whose headers tell its generation and expiry. The library checks the
 * octets against the CRC32C among them.
 */
export async function download(file: File): Promise<StoredObject> {
  const stream = file.createReadStream({ decompress: false, validation: 'crc32c' });
  let response: DownloadResponse | undefined;
  stream.once('response', (arrived: DownloadResponse) => {
    response = arrived;
    // The library reads it through more layers than Node takes for sane, and Node would say so each time.
    arrived.setMaxListeners(MOST_LISTENERS);
  });
  const parts: Buffer[] = [];
  for await (const part of stream) {
    parts.push(part);
  }
  const generation = response?.headers['x-goog-generation'];
  const expiresAt = expiryOfDownload(response?.headers['content-type']);
  if (generation === undefined || expiresAt === null) {
    throw new Error('Cloud Storage gave an object without its generation and expiry');
  }
  const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  return { body, generation, expiresAt };
}
