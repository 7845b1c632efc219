/** Hears of each message in a call's octets. */
interface MessageListener {
  /** @param message.octets - as announced, before any of them came */
  onBegin(message: { readonly octets: number; readonly isCompressed: boolean }): void;
  onComplete(): void;
  /** The message comes in so many pieces that they take far more memory than their octets. */
  onCrumbled(): void;
}

/** One octet says whether the message is compressed, four its length. */
const PREFIX_OCTETS = 5;
/** Pieces that any message may come in, and the octets that further ones must have on average. */
const FREE_PIECES = 256;
const LEAST_PIECE_OCTETS = 256;

/**
 * Follows a gRPC call's messages through the octets that the network brings, and keeps none: gRPC
 * reports a message only once it is complete.
 *
 * @see the specification "gRPC over HTTP2", "Length-Prefixed-Message"
 */
export class MessageMeter {
  readonly #prefix = Buffer.alloc(PREFIX_OCTETS);
  readonly #listener: MessageListener;
  #prefixOctets = 0;
  #missingOctets = 0;
  #allowedPieces = 0;

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** Whether a message is incomplete. */
  get isAmidMessage(): boolean {
    return this.#prefixOctets > 0;
  }

  take(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length; ) {
      offset += this.#takeFrom(chunk, offset);
    }
  }

  /** @returns how many octets were consumed */
  #takeFrom(chunk: Uint8Array, offset: number): number {
    if (this.#prefixOctets === PREFIX_OCTETS) {
      const taken = Math.min(chunk.length - offset, this.#missingOctets);
      this.#missingOctets -= taken;
      this.#allowedPieces -= 1;
      if (this.#allowedPieces < 0) {
        this.#listener.onCrumbled();
      }
      this.#completeIfAllCame();
      return taken;
    }
    const taken = Math.min(chunk.length - offset, PREFIX_OCTETS - this.#prefixOctets);
    this.#prefix.set(chunk.subarray(offset, offset + taken), this.#prefixOctets);
    this.#prefixOctets += taken;
    if (this.#prefixOctets === PREFIX_OCTETS) {
      this.#missingOctets = this.#prefix.readUInt32BE(1);
      this.#allowedPieces = FREE_PIECES + Math.floor(this.#missingOctets / LEAST_PIECE_OCTETS);
      this.#listener.onBegin({ octets: this.#missingOctets, isCompressed: this.#prefix[0] !== 0 });
      this.#completeIfAllCame();
    }
    return taken;
  }

  #completeIfAllCame(): void {
    if (this.#missingOctets === 0) {
      this.#prefixOctets = 0;
      this.#listener.onComplete();
    }
  }
}
