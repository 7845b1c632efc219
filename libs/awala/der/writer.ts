import type { Oid } from './oids.ts';
import { contextConstructed, contextPrimitive, TAG } from './reader.ts';

/**
 * Writes DER (ITU-T X.690) as a tree of parts whose lengths are known before anything is copied: a
 * message of any size takes one allocation, and each of its parts one copy.
 */

/**
 * A part of a DER value. A `Uint8Array` is written as it is: raw octets, or a value already in DER.
 */
export type DerPart = Uint8Array | DerValue | DerRegion;

/** A DER value to be written. */
export interface DerValue {
  /** Octets of the whole value, with its tag and length. */
  readonly octets: number;
  readonly parts: readonly DerPart[];
}

/**
 * A stretch of the output that is needed after writing: to be hashed, or to be filled with a
 * signature or ciphertext.
 */
export class DerRegion {
  readonly octets: number;
  readonly content: DerPart | null;
  #written: Uint8Array<ArrayBuffer> | undefined;

  /** @param content - what to write, or how many octets to leave zero */
  constructor(content: DerPart | number) {
    this.content = typeof content === 'number' ? null : content;
    this.octets = typeof content === 'number' ? content : lengthOf(content);
  }

  /** The stretch inside the buffer that {@link encodeDer} last returned. */
  get written(): Uint8Array<ArrayBuffer> {
    if (!this.#written) {
      throw new TypeError('the region was not encoded yet');
    }
    return this.#written;
  }

  /** For {@link encodeDer} only. */
  place(stretch: Uint8Array<ArrayBuffer>): void {
    this.#written = stretch;
  }
}

/**
 * A value under any tag.
 *
 * @param tag - whole identifier octet; tag numbers over 30 are not supported
 */
export function tagged(tag: number, ...content: readonly DerPart[]): DerValue {
  const contentOctets = octetsOf(content);
  const header = headerOf(tag, contentOctets);
  return { octets: header.length + contentOctets, parts: [header, ...content] };
}

/** Values one after the other, without a tag of their own. */
export function concatenated(...parts: readonly DerPart[]): DerValue {
  return listed(parts);
}

/** Like {@link concatenated}, for more values than a function takes arguments. */
export function listed(parts: readonly DerPart[]): DerValue {
  return { octets: octetsOf(parts), parts };
}

/** A SEQUENCE. */
export function sequence(...items: readonly DerPart[]): DerValue {
  return tagged(TAG.sequence, ...items);
}

/** A SET, whose items must already be in DER's order. */
export function set(...items: readonly DerPart[]): DerValue {
  return tagged(TAG.set, ...items);
}

/** An OCTET STRING. */
export function octetString(...content: readonly DerPart[]): DerValue {
  return tagged(TAG.octetString, ...content);
}

/** A bit string of whole octets. */
export function bitString(...content: readonly DerPart[]): DerValue {
  return tagged(TAG.bitString, Uint8Array.of(0), ...content);
}

/** `[number] IMPLICIT` of a primitive type; `content` is that of the type's own tag. */
export function implicit(number: number, ...content: readonly DerPart[]): DerValue {
  return tagged(contextPrimitive(number), ...content);
}

/** `[number]` around whole values: EXPLICIT, or IMPLICIT of a constructed type. */
export function constructed(number: number, ...items: readonly DerPart[]): DerValue {
  return tagged(contextConstructed(number), ...items);
}

/** A NULL. */
export const NULL: DerValue = tagged(TAG.null);

/**
 * An INTEGER.
 *
 * @param value - a safe integer, zero or more
 */
export function integer(value: number): DerValue {
  return tagged(TAG.integer, integerContent(value));
}

/** Content octets of an INTEGER, for use under an implicit tag. */
export function integerContent(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`cannot write ${value} as an INTEGER: not a safe integer of zero or more`);
  }
  const octets: number[] = [];
  for (let rest = value; octets.length === 0 || rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  if ((octets[0] ?? 0) >= 0x80) {
    octets.unshift(0);
  }
  return Uint8Array.from(octets);
}

/** An OBJECT IDENTIFIER. */
export function objectIdentifier(oid: Oid): DerValue {
  return tagged(TAG.oid, oid.content);
}

/**
 * Content octets of a VisibleString, for use under an implicit tag.
 *
 * @throws {RangeError} if `text` is not printable ASCII
 */
export function visibleText(text: string): Uint8Array {
  if (!/^[\x20-\x7e]*$/.test(text)) {
    throw new RangeError('a VisibleString holds printable ASCII only');
  }
  return Buffer.from(text, 'latin1');
}

/**
 * Content octets of a date as Awala writes it: `YYYYMMDDHHmmss` in UTC, without
 * `Z`, milliseconds dropped (RS-001).
 */
export function dateTime(date: Date): Uint8Array {
  return Buffer.from(date.toISOString().replace(/\..*|[-:T]/g, ''), 'latin1');
}

/**
 * Writes the value into one new buffer of exactly its length.
 *
 * @returns the buffer; regions without content are zero until filled
 */
export function encodeDer(value: DerPart): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(lengthOf(value));
  write(value, target, 0);
  return target;
}

function write(part: DerPart, target: Uint8Array<ArrayBuffer>, offset: number): number {
  if (part instanceof Uint8Array) {
    target.set(part, offset);
    return offset + part.length;
  }
  if (part instanceof DerRegion) {
    const end = offset + part.octets;
    part.place(target.subarray(offset, end));
    return part.content ? write(part.content, target, offset) : end;
  }
  let end = offset;
  for (const inner of part.parts) {
    end = write(inner, target, end);
  }
  return end;
}

/**
 * The value's octets in order, in pieces that are not copied: to hash, or to send without
 * assembling.
 */
export function piecesOf(value: DerPart): Uint8Array[] {
  if (value instanceof Uint8Array) {
    return [value];
  }
  if (value instanceof DerRegion) {
    return piecesOf(value.content ?? value.written);
  }
  return value.parts.flatMap(piecesOf);
}

/** Length of the part once written, in octets. */
export function lengthOf(part: DerPart): number {
  return part instanceof Uint8Array ? part.length : part.octets;
}

function octetsOf(parts: readonly DerPart[]): number {
  let octets = 0;
  for (const part of parts) {
    octets += lengthOf(part);
  }
  return octets;
}

/** Tag and length for content that is written separately. */
export function headerOf(tag: number, contentOctets: number): Uint8Array {
  if (contentOctets < 0x80) {
    return Uint8Array.of(tag, contentOctets);
  }
  const length: number[] = [];
  for (let rest = contentOctets; rest > 0; rest = Math.floor(rest / 256)) {
    length.unshift(rest % 256);
  }
  return Uint8Array.of(tag, 0x80 | length.length, ...length);
}
