import { crc32c } from '#backing/crc32c.ts';

/** What arrived is not what was sent, by its checksum; asking again may mend it. */
export class IntegrityError extends Error {
  constructor(what: string) {
    super(`${what} was changed on its way to or from Cloud KMS`);
    this.name = 'IntegrityError';
  }
}

/** A checksum as the client library takes and gives it. */
type Checksum = { value?: unknown } | null | undefined;

export function checksumOf(data: Uint8Array): { value: number } {
  return { value: crc32c(data) };
}

/** @throws {IntegrityError} unless `checksum` is there and is that of `data` */
export function assertChecksum(what: string, data: Uint8Array, checksum: Checksum): void {
  if (checksum?.value === undefined || Number(checksum.value) !== crc32c(data)) {
    throw new IntegrityError(what);
  }
}

/** @throws {IntegrityError} unless Cloud KMS says that what it got is what was sent */
export function assertVerified(what: string, verified: boolean | null | undefined): void {
  if (verified !== true) {
    throw new IntegrityError(what);
  }
}

/** The octets of a field, which the client library may give as a string in other transports. */
export function octets(value: Uint8Array | string | null | undefined): Buffer {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return Buffer.from(value ?? '', 'base64');
}
