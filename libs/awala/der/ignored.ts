import { MalformedMessageError } from '../errors.ts';
import { MAX_ALGORITHM_OCTETS } from '../limits.ts';
import {
  readBits,
  readBmpText,
  readInteger,
  readNull,
  readOid,
  readUtf8Text,
} from './primitives.ts';
import { DerReader, TAG } from './reader.ts';
import { parseGeneralizedTime, parseUtcTime } from './time.ts';

const CONSTRUCTED_BIT = 0x20;
const UNIVERSAL_TAGS_BELOW = 0x40;
/** As deep as OpenSSL goes. */
const MAX_DEPTH = 30;

/** Of primitive types that have a form of their own. */
const READERS = new Map<number, (reader: DerReader) => unknown>([
  [TAG.boolean, (reader) => reader.readBoolean()],
  [TAG.integer, readInteger],
  [TAG.enumerated, (reader) => readInteger(reader, TAG.enumerated)],
  [TAG.oid, readOid],
  [TAG.null, readNull],
  [TAG.bitString, readBits],
  [TAG.utf8String, readUtf8Text],
  [TAG.bmpString, readBmpText],
  [TAG.utcTime, (reader) => parseUtcTime(reader.read(TAG.utcTime))],
  [TAG.generalizedTime, (reader) => parseGeneralizedTime(reader.read(TAG.generalizedTime))],
]);

/**
 * Steps over the next element, of any type, after checking that it is DER all the way down. Takes
 * time in proportion to its octets.
 *
 * @throws {MalformedMessageError}
 */
export function ignoreElement(reader: DerReader, maxDepth: number = MAX_DEPTH): void {
  const tag = reader.nextTag;
  if ((tag & CONSTRUCTED_BIT) === 0) {
    ignorePrimitive(reader, tag);
    return;
  }
  const isUniversal = tag < UNIVERSAL_TAGS_BELOW;
  if (maxDepth === 0 || (isUniversal && tag !== TAG.sequence && tag !== TAG.set)) {
    throw new MalformedMessageError('Element is nested too deep, or not in one piece');
  }
  reader.enter(tag);
  while (!reader.isAtEnd) {
    ignoreElement(reader, maxDepth - 1);
  }
  reader.leave();
}

/**
 * Steps over an AlgorithmIdentifier; does not check which algorithm it names.
 *
 * @returns the whole element
 * @throws {MalformedMessageError}
 */
export function readAlgorithm(reader: DerReader): Uint8Array {
  const identifier = reader.readElement(TAG.sequence);
  if (identifier.length > MAX_ALGORITHM_OCTETS) {
    throw new MalformedMessageError('Algorithm identifier is too long');
  }
  const inner = new DerReader(identifier);
  inner.enter(TAG.sequence);
  readOid(inner);
  if (!inner.isAtEnd) {
    ignoreElement(inner);
  }
  inner.leave();
  return identifier;
}

function ignorePrimitive(reader: DerReader, tag: number): void {
  const read = READERS.get(tag);
  if (read) {
    read(reader);
  } else if (tag === 0) {
    throw new MalformedMessageError('Element has no type');
  } else {
    reader.read(tag);
  }
}
