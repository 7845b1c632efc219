import { isUtf8 } from 'node:buffer';
import { MalformedMessageError } from '../errors.ts';
import { type DerReader, TAG } from './reader.ts';
import { bufferOver } from './text.ts';

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Reads an OBJECT IDENTIFIER.
 *
 * @returns its content octets
 */
export function readOid(reader: DerReader): Uint8Array {
  const content = reader.read(TAG.oid);
  let isArcStart = true;
  for (const octet of content) {
    if (isArcStart && octet === 0x80) {
      throw new MalformedMessageError('Object identifier is not minimal');
    }
    isArcStart = octet < 0x80;
  }
  if (content.length === 0 || !isArcStart) {
    throw new MalformedMessageError('Object identifier is empty or truncated');
  }
  return content;
}

/**
 * Reads an INTEGER of any size and sign.
 *
 * @returns its content octets
 */
export function readInteger(reader: DerReader, tag: number = TAG.integer): Uint8Array {
  const content = readSerialNumber(reader, tag);
  if (content[0] === 0 && (content[1] ?? 0x80) < 0x80) {
    throw new MalformedMessageError('Integer is not minimal');
  }
  return content;
}

/**
 * Reads a serial number. It may have one leading zero too many: JavaScript peers, who draw it at
 * random, write one in five hundred so.
 *
 * @returns its content octets
 */
export function readSerialNumber(reader: DerReader, tag: number = TAG.integer): Uint8Array {
  const content = reader.read(tag);
  const [first, second = 0] = content;
  if (first === undefined || (first === 0xff && second >= 0x80)) {
    throw new MalformedMessageError('Integer is empty or not minimal');
  }
  return content;
}

/** Reads a NULL. */
export function readNull(reader: DerReader): void {
  if (reader.read(TAG.null).length > 0) {
    throw new MalformedMessageError('Null has content');
  }
}

/**
 * Reads a BIT STRING whose unused bits are zero.
 *
 * @returns its content: the number of unused bits, then the octets
 */
export function readBits(reader: DerReader): Uint8Array {
  const content = reader.read(TAG.bitString);
  const [unused = 8] = content;
  const last = content.length > 1 ? (content.at(-1) ?? 0) : 0;
  const isTooShort = content.length === 1 && unused > 0;
  if (unused > 7 || isTooShort || (last & ((1 << unused) - 1)) !== 0) {
    throw new MalformedMessageError('Bit string has bits that it says to be unused, or none');
  }
  return content;
}

/** Reads a UTF8String. */
export function readUtf8Text(reader: DerReader): string {
  const content = reader.read(TAG.utf8String);
  if (!isUtf8(content)) {
    throw new MalformedMessageError('Text is not in UTF-8');
  }
  return bufferOver(content).toString('utf8');
}

/** Reads a BMPString: characters of the Basic Multilingual Plane only (X.680 §41). */
export function readBmpText(reader: DerReader): string {
  const content = reader.read(TAG.bmpString);
  if (content.length % 2 !== 0) {
    throw new MalformedMessageError('Text ends within a character');
  }
  const text = Buffer.from(content).swap16().toString('utf16le');
  if (SURROGATE.test(text)) {
    throw new MalformedMessageError('Text has a character that its type does not have');
  }
  return text;
}
