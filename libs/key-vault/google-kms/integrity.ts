import { crc32c } from '#backing/crc32c.ts';

/** A checksum did not match what arrived; a retry may succeed. */
export class IntegrityError extends Error {
  constructor(what: string) {
    super(`${what} was changed on its way to or from Cloud KMS`);
    this.name = 'IntegrityError';
  }
}

/** As the client library takes and returns it. */
type Checksum = { value?: unknown } | null | undefined;

/** The CRC32C of `data`, as Cloud KMS takes it. */
export function checksumOf(data: Uint8Array): { value: number } {
  return { value: crc32c(data) };
}

/** @throws {IntegrityError} unless `checksum` is that of `data` */
export function assertChecksum(what: string, data: Uint8Array, checksum: Checksum): void {
  if (checksum?.value === undefined || Number(checksum.value) !== crc32c(data)) {
    throw new IntegrityError(what);
  }
}

/** @throws {IntegrityError} unless Cloud KMS confirmed the checksum of what it received */
export function assertVerified(what: string, verified: boolean | null | undefined): void {
  if (verified !== true) {
    throw new IntegrityError(what);
  }
}

/** A field's octets; some transports of the client library give strings. */
export function octets(value: Uint8Array | string | null | undefined): Buffer {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return Buffer.from(value ?? '', 'base64');
}
