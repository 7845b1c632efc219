/** Castagnoli's polynomial, reflected (RFC 3720, 12.1). */
const POLYNOMIAL = 0x82f63b78;

/** Four tables, to process four octets per step. */
const [T0, T1, T2, T3] = buildTables();

/** CRC32C of `data` as an unsigned 32-bit number: the checksum of Cloud Storage and Cloud KMS. */
export function crc32c(data: Uint8Array): number {
  let crc = -1;
  let index = 0;
  for (const whole = data.length - 3; index < whole; index += 4) {
    crc ^=
      at(data, index) |
      (at(data, index + 1) << 8) |
      (at(data, index + 2) << 16) |
      (at(data, index + 3) << 24);
    crc =
      at(T3, crc & 0xff) ^
      at(T2, (crc >>> 8) & 0xff) ^
      at(T1, (crc >>> 16) & 0xff) ^
      at(T0, crc >>> 24);
  }
  for (; index < data.length; index++) {
    crc = at(T0, (crc ^ at(data, index)) & 0xff) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** {@link crc32c} big-endian in base64, as Cloud Storage writes it. */
export function crc32cBase64(data: Uint8Array): string {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(crc32c(data));
  return octets.toString('base64');
}

function buildTables(): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const first = new Int32Array(256);
  for (let octet = 0; octet < 256; octet++) {
    let crc = octet;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    }
    first[octet] = crc;
  }
  const next = (table: Int32Array) => table.map((crc) => at(first, crc & 0xff) ^ (crc >>> 8));
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}

function at(values: Int32Array | Uint8Array, index: number): number {
  return values[index] as number;
}
