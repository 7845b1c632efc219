import { DerReader, TAG } from '../der/reader.ts';
import { type DerValue, headerOf, listed, sequence } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';

/** Largest plaintext of a cargo, in octets: what the deployed peers pack. */
export const MAX_MESSAGE_SET_OCTETS = 8_322_048;

/**
 * Most messages read from one cargo. A full one with nothing but acknowledgements, the shortest
 * messages, has under 50 000.
 */
export const MAX_MESSAGES_IN_SET = 100_000;

/**
 * Most messages written into one cargo. JavaScript peers read at most 5 000, a limit of their ASN.1
 * library.
 */
export const MAX_MESSAGES_IN_BATCH = 4_096;

/** Octets before each message, as the deployed peers count them. */
const HEADER_OCTETS = 5;

/** Most octets that a cargo's plaintext adds to a single message. */
export const MESSAGE_IN_BATCH_OVERHEAD_OCTETS = 2 * HEADER_OCTETS;

/** Largest message in a cargo, in octets. */
export const MAX_MESSAGE_IN_SET_OCTETS = MAX_MESSAGE_SET_OCTETS - MESSAGE_IN_BATCH_OVERHEAD_OCTETS;

/** What a message in a cargo is, by its format signature. */
type CargoMessageType =
  | 'parcel'
  | 'pca'
  | 'deauthorisation'
  | 'certificate-rotation'
  | 'certificate-revocation'
  | 'unknown';

const FORMAT = Buffer.from('Awala');
const VERSION_OCTET = 0;
const TYPES: Readonly<Record<number, CargoMessageType>> = {
  80: 'parcel',
  81: 'pca',
  82: 'deauthorisation',
  16: 'certificate-rotation',
  17: 'certificate-revocation',
};

/**
 * The plaintext of a cargo: a SEQUENCE OF OCTET STRING with universal tags.
 *
 * @see RS-000 "Cargo Messages"
 */
export function messageSetDer(messages: readonly Uint8Array[]): DerValue {
  const items = messages.flatMap((message) => [headerOf(TAG.octetString, message.length), message]);
  return sequence(listed(items));
}

/**
 * Yields the messages of a cargo in order, as views, without parsing them. Errors surface while
 * iterating, after the messages before them.
 *
 * @throws {MalformedMessageError} while iterating, if the octets are not a message set or hold more
 * than {@link MAX_MESSAGES_IN_SET}
 */
export function* readMessageSet(plaintext: Uint8Array): Generator<Uint8Array, void, undefined> {
  const reader = new DerReader(plaintext);
  reader.enter(TAG.sequence);
  for (let count = 0; !reader.isAtEnd; count++) {
    if (count === MAX_MESSAGES_IN_SET) {
      throw new MalformedMessageError(`Cargo holds more than ${MAX_MESSAGES_IN_SET} messages`);
    }
    yield reader.read(TAG.octetString);
  }
  reader.leave();
  reader.finish();
}

/** Whether {@link readMessageSet} would read the octets to their end. Never throws. */
export function isMessageSet(plaintext: Uint8Array): boolean {
  const messages = readMessageSet(plaintext);
  try {
    while (!messages.next().done) {}
    return true;
  } catch {
    return false;
  }
}

/** Goes by the first octets only; the message may still be malformed. */
export function typeOfCargoMessage(message: Uint8Array): CargoMessageType {
  const isAwala = FORMAT.equals(message.subarray(0, FORMAT.length));
  const type = TYPES[message[FORMAT.length] ?? 0];
  return isAwala && message[FORMAT.length + 1] === VERSION_OCTET && type ? type : 'unknown';
}

/**
 * Gathers messages until a cargo is full, counting octets as the deployed peers do: up to {@link
 * MAX_MESSAGE_SET_OCTETS} and {@link MAX_MESSAGES_IN_BATCH}.
 */
export class CargoBatch {
  readonly #messages: Uint8Array[] = [];
  readonly #maxOctets: number;
  #octets = HEADER_OCTETS;
  #expiresAtMs = 0;

  /**
   * @param maxOctets - of plaintext, for a smaller cargo; a first message of any size is still
   * taken
   */
  constructor(maxOctets: number = MAX_MESSAGE_SET_OCTETS) {
    this.#maxOctets = Math.min(maxOctets, MAX_MESSAGE_SET_OCTETS);
  }

  get messages(): readonly Uint8Array[] {
    return this.#messages;
  }

  /** Octets of plaintext so far, rounded up. */
  get octets(): number {
    return this.#octets;
  }

  /** The latest expiry of the messages, which the cargo must live until. */
  get expiresAt(): Date {
    return new Date(this.#expiresAtMs);
  }

  /**
   * Adds a message without copying it.
   *
   * @returns false if it does not fit and belongs into the next cargo
   * @throws {RangeError} if it fits into no cargo
   */
  add(message: Uint8Array, expiresAt: Date): boolean {
    if (message.length > MAX_MESSAGE_IN_SET_OCTETS) {
      throw new RangeError(
        `a cargo takes messages up to ${MAX_MESSAGE_IN_SET_OCTETS} octets, but got ${message.length}`,
      );
    }
    const octets = this.#octets + HEADER_OCTETS + message.length;
    const isFull = octets > this.#maxOctets || this.#messages.length === MAX_MESSAGES_IN_BATCH;
    if (isFull && this.#messages.length > 0) {
      return false;
    }
    this.#messages.push(message);
    this.#octets = octets;
    this.#expiresAtMs = Math.max(this.#expiresAtMs, expiresAt.getTime());
    return true;
  }
}
