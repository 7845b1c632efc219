import { MalformedMessageError } from '../errors.ts';
import { latin1Of } from './text.ts';

/** Tag octets of the universal types in use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  constructedOctetString: 0x24,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag octet of a context-specific type with primitive content; `number` is 0…30. */
export const contextPrimitive = (number: number): number => 0x80 | number;

/** Tag octet of a context-specific type with constructed content; `number` is 0…30. */
export const contextConstructed = (number: number): number => 0xa0 | number;

const HIGH_TAG_NUMBER = 0x1f;
const INDEFINITE = -1;

/**
 * Reads DER from left to right without copying: it returns views of its input.
 *
 * It descends only where its caller enters, and steps over an element in constant time, so that
 * hostile input gains nothing by depth or size. Lengths must be minimal and, except for {@link
 * enterBer}, definite.
 *
 * Every method throws {@link MalformedMessageError} on a mismatch; the reader is unusable after
 * that.
 *
 * @see X.690, RFC 5652 (which allows BER around what is signed)
 */
export class DerReader {
  readonly octets: Uint8Array;
  readonly #totalLength: number;
  #position = 0;
  /** Where reading must end: the end of the innermost entered element that has a length. */
  #limit: number;
  #isIndefinite = false;
  readonly #outerLimits: number[] = [];

  /**
   * @param totalLength - of the input, if `octets` holds only its beginning; the rest can be
   * stepped over but not read
   */
  constructor(octets: Uint8Array, totalLength: number = octets.length) {
    this.octets = octets;
    this.#limit = totalLength;
    this.#totalLength = totalLength;
  }

  /** Offset of the next element. */
  get position(): number {
    return this.#position;
  }

  /** Whether the element entered last, or the whole input, is used up. */
  get isAtEnd(): boolean {
    if (this.#isIndefinite) {
      return this.octets[this.#position] === 0 && this.octets[this.#position + 1] === 0;
    }
    return this.#position >= this.#limit;
  }

  /** Tag of the next element; 0 if there is none. */
  get nextTag(): number {
    return this.#position < this.#limit ? (this.octets[this.#position] ?? 0) : 0;
  }

  /** Whether the next element, if any, has this tag. */
  isNext(tag: number): boolean {
    return this.#position < this.#limit && this.octets[this.#position] === tag;
  }

  /** Descends into the next element, until {@link leave}. */
  enter(tag: number): void {
    const end = this.#readHeader(tag);
    this.#outerLimits.push(this.#isIndefinite ? ~this.#limit : this.#limit);
    this.#limit = end;
    this.#isIndefinite = false;
  }

  /** Like {@link enter}, but also accepts an indefinite length. */
  enterBer(tag: number): void {
    const end = this.#readHeader(tag, true);
    this.#outerLimits.push(this.#isIndefinite ? ~this.#limit : this.#limit);
    this.#isIndefinite = end === INDEFINITE;
    if (end !== INDEFINITE) {
      this.#limit = end;
    }
  }

  /** Leaves the element entered last, which must be used up. */
  leave(): void {
    if (!this.isAtEnd) {
      throw new MalformedMessageError('Element has more content than expected');
    }
    if (this.#isIndefinite) {
      this.#position += 2;
      if (this.#position > this.#limit) {
        throw new MalformedMessageError('Element is truncated');
      }
    }
    const outer = this.#outerLimits.pop();
    if (outer === undefined) {
      throw new Error('Left more elements than were entered');
    }
    this.#isIndefinite = outer < 0;
    this.#limit = outer < 0 ? ~outer : outer;
  }

  /** Checks that the whole input has been read. */
  finish(): void {
    if (this.#outerLimits.length > 0 || this.#position !== this.#totalLength) {
      throw new MalformedMessageError('Trailing octets');
    }
  }

  /** The content of the next element. */
  read(tag: number): Uint8Array {
    const { start, end } = this.locate(tag);
    return this.octets.subarray(start, end);
  }

  /** Steps over the next element; returns whether its content is `expected`. */
  readsAs(tag: number, expected: Uint8Array): boolean {
    const end = this.#readHeader(tag);
    const start = this.#position;
    this.#position = end;
    if (end - start !== expected.length) {
      return false;
    }
    for (let index = 0; index < expected.length; index++) {
      if (this.octets[start + index] !== expected[index]) {
        return false;
      }
    }
    return true;
  }

  /** Steps over the next element; returns the offsets of its content. */
  locate(tag: number): { start: number; end: number } {
    const end = this.#readHeader(tag);
    const start = this.#position;
    this.#position = end;
    return { start, end };
  }

  /** Steps over the next element; returns all of it, with tag and length. */
  readElement(tag: number): Uint8Array {
    const start = this.#position;
    this.#position = this.#readHeader(tag);
    return this.octets.subarray(start, this.#position);
  }

  /** A non-negative INTEGER under 2^31. */
  readSmallInteger(tag: number = TAG.integer): number {
    const end = this.#readHeader(tag);
    const length = end - this.#position;
    const first = this.octets[this.#position] ?? 0x80;
    const isPadded = first === 0 && length > 1 && (this.octets[this.#position + 1] ?? 0) < 0x80;
    if (length < 1 || length > 4 || first >= 0x80 || isPadded) {
      throw new MalformedMessageError('Integer is negative, too large or not minimal');
    }
    let value = 0;
    while (this.#position < end) {
      value = value * 256 + (this.octets[this.#position++] ?? 0);
    }
    return value;
  }

  readBoolean(): boolean {
    const content = this.read(TAG.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw new MalformedMessageError('Boolean is neither FALSE nor TRUE');
    }
    return content[0] === 0xff;
  }

  /** Printable ASCII, the characters of a VisibleString; at most `maxLength`. */
  readVisibleText(tag: number, maxLength: number): string {
    const end = this.#readHeader(tag);
    if (end - this.#position > maxLength) {
      throw new MalformedMessageError(`Text is longer than ${maxLength} characters`);
    }
    for (let index = this.#position; index < end; index++) {
      const octet = this.octets[index] ?? 0;
      if (octet < 0x20 || octet > 0x7e) {
        throw new MalformedMessageError('Text has a character that is not printable ASCII');
      }
    }
    const text = latin1Of(this.octets.subarray(this.#position, end));
    this.#position = end;
    return text;
  }

  /** A BIT STRING without unused bits. */
  readBitString(): Uint8Array {
    const content = this.read(TAG.bitString);
    if (content[0] !== 0) {
      throw new MalformedMessageError('Bit string is not made of whole octets');
    }
    return content.subarray(1);
  }

  /** Moves to the content of the next element; returns where that ends. */
  #readHeader(tag: number, allowIndefinite = false): number {
    const { octets } = this;
    const actualTag = octets[this.#position];
    if (this.#position + 2 > this.#limit) {
      throw new MalformedMessageError('Element is missing or truncated');
    }
    if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) {
      throw new MalformedMessageError('Element has a tag of several octets');
    }
    if (actualTag !== tag) {
      throw new MalformedMessageError(`Element has another tag than ${hex(tag)}`);
    }
    const first = octets[this.#position + 1] ?? 0;
    this.#position += 2;
    if (first === 0x80) {
      if (!allowIndefinite) {
        throw new MalformedMessageError('Indefinite length where DER is required');
      }
      return INDEFINITE;
    }
    const length = first < 0x80 ? first : this.#readLongLength(first & 0x7f);
    const end = this.#position + length;
    if (end > this.#limit) {
      throw new MalformedMessageError('Element is longer than what surrounds it');
    }
    return end;
  }

  #readLongLength(lengthOctets: number): number {
    const { octets } = this;
    if (lengthOctets > 4 || this.#position + lengthOctets > this.#limit) {
      throw new MalformedMessageError('Length is too long or truncated');
    }
    let length = 0;
    for (let count = 0; count < lengthOctets; count++) {
      length = length * 256 + (octets[this.#position++] ?? 0);
    }
    if (length < 0x80 || length < 256 ** (lengthOctets - 1)) {
      throw new MalformedMessageError('Length is not minimal');
    }
    return length;
  }
}

const hex = (octet: number): string => `0x${octet.toString(16).padStart(2, '0')}`;
