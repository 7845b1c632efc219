/** Castagnoli's polynomial, reflected (RFC 3720, 12.1). */
const POLYNOMIAL = 0x82f63b78;

/** Tables, to process so many octets per step. */
const STEP = 8;

/** One after the other: what an octet does to the remainder, with none to seven others behind it. */
const TABLES = buildTables();

/** CRC32C of `data` as an unsigned 32-bit number: the checksum of Cloud Storage and Cloud KMS. */
export function crc32c(data: Uint8Array): number {
  let crc = -1;
  let index = 0;
  for (const whole = data.length - STEP; index <= whole; index += STEP) {
    crc =
      table(7, (crc ^ at(data, index)) & 0xff) ^
      table(6, ((crc >>> 8) ^ at(data, index + 1)) & 0xff) ^
      table(5, ((crc >>> 16) ^ at(data, index + 2)) & 0xff) ^
      table(4, (crc >>> 24) ^ at(data, index + 3)) ^
      table(3, at(data, index + 4)) ^
      table(2, at(data, index + 5)) ^
      table(1, at(data, index + 6)) ^
      table(0, at(data, index + 7));
  }
  for (; index < data.length; index++) {
    crc = table(0, (crc ^ at(data, index)) & 0xff) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** {@link crc32c} big-endian in base64, as Cloud Storage writes it. */
export function crc32cBase64(data: Uint8Array): string {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(crc32c(data));
  return octets.toString('base64');
}

function buildTables(): Int32Array {
  const tables = new Int32Array(STEP * 256);
  for (let octet = 0; octet < 256; octet++) {
    let crc = octet;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    }
    tables[octet] = crc;
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256] as number;
    tables[index] = (tables[before & 0xff] as number) ^ (before >>> 8);
  }
  return tables;
}

function table(number: number, octet: number): number {
  return TABLES[number * 256 + octet] as number;
}

function at(data: Uint8Array, index: number): number {
  return data[index] as number;
}
