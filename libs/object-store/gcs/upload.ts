import { randomUUID } from 'node:crypto';
import { crc32cBase64 } from '#backing/crc32c.ts';
import type { GcsRequest } from './http-client.ts';

/**
 * Custom metadata that repeats the expiry: a download's headers carry it, and do not
 * carry the custom time.
 */
export const EXPIRY_METADATA = 'expires-at';

/**
 * One request that stores an object whole (a multipart upload): its octets are checked against
 * their CRC32C by the service before the object appears.
 */
export function uploadRequest(
  bucket: string,
  key: string,
  { body, expiresAt }: { body: Uint8Array; expiresAt: Date },
): GcsRequest {
  const boundary = randomUUID();
  const metadata = JSON.stringify({
    name: key,
    customTime: expiresAt.toISOString(),
    metadata: { [EXPIRY_METADATA]: expiresAt.toISOString() },
    crc32c: crc32cBase64(body),
  });
  const head =
    `--${boundary}\r\ncontent-type: application/json\r\n\r\n${metadata}\r\n` +
    `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return {
    method: 'POST',
    path: `/upload/storage/v1/b/${bucket}/o?uploadType=multipart&fields=generation`,
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [Buffer.from(head), body, Buffer.from(`\r\n--${boundary}--`)],
  };
}
