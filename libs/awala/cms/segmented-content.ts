import { createHash, hash } from 'node:crypto';
import { type DerReader, TAG } from '../der/reader.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_CONTENT_SEGMENTS } from '../limits.ts';
import type { HashName } from '../x509/rsa-pss.ts';

/**
 * The content of a SignedData, which may lie in the message in pieces: JavaScript peers cut it
 * every 65 536 octets, JVM peers every 1 000.
 *
 * Copies only to return a part that spans pieces.
 */
export class SegmentedContent {
  readonly length: number;
  readonly #octets: Uint8Array;
  /** Start and end of each segment in `#octets`, in order. */
  readonly #bounds: readonly number[];

  private constructor(octets: Uint8Array, bounds: readonly number[], length: number) {
    this.#octets = octets;
    this.#bounds = bounds;
    this.length = length;
  }

  /**
   * Reads an OCTET STRING, in one piece or (BER) in segments that are in one piece each.
   *
   * @throws {MalformedMessageError}
   * @see X.690 §8.7
   */
  static read(reader: DerReader): SegmentedContent {
    const bounds: number[] = [];
    let length = 0;
    const readSegment = () => {
      const { start, end } = reader.locate(TAG.octetString);
      bounds.push(start, end);
      length += end - start;
    };
    if (!reader.isNext(TAG.constructedOctetString)) {
      readSegment();
      return new SegmentedContent(reader.octets, bounds, length);
    }
    reader.enterBer(TAG.constructedOctetString);
    while (!reader.isAtEnd) {
      if (bounds.length === MAX_CONTENT_SEGMENTS * 2) {
        throw new MalformedMessageError('Content is cut into too many segments');
      }
      readSegment();
    }
    reader.leave();
    return new SegmentedContent(reader.octets, bounds, length);
  }

  /** The octets from `start` up to `end`: a view if they are in one segment, else a copy. */
  slice(start: number, end: number): Uint8Array {
    const parts = [...this.#parts(start, Math.min(end, this.length))];
    const [first = new Uint8Array()] = parts;
    return parts.length <= 1 ? first : joined(parts);
  }

  /** The digest in hex. */
  digest(algorithm: HashName): string {
    if (this.#bounds.length === 2) {
      return hash(algorithm, this.slice(0, this.length), 'hex');
    }
    const running = createHash(algorithm);
    for (const part of this.#parts(0, this.length)) {
      running.update(part);
    }
    return running.digest('hex');
  }

  *#parts(start: number, end: number): Generator<Uint8Array> {
    let offset = 0;
    for (let index = 0; index < this.#bounds.length && offset < end; index += 2) {
      const segmentStart = this.#bounds[index] ?? 0;
      const segmentEnd = this.#bounds[index + 1] ?? 0;
      const from = Math.max(segmentStart, segmentStart + start - offset);
      const to = Math.min(segmentEnd, segmentStart + end - offset);
      if (from < to) {
        yield this.#octets.subarray(from, to);
      }
      offset += segmentEnd - segmentStart;
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
