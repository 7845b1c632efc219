import { createHash } from 'node:crypto';

/** What went through a stream: how much, and its SHA-256. */
export class Measure {
  readonly #hash = createHash('sha256');
  #octets = 0;

  get octets(): number {
    return this.#octets;
  }

  /**
   * Passes a stream on, measuring it.
   *
   * @param onOctets - called with the total after each piece
   */
  async *through(
    stream: AsyncIterable<Uint8Array>,
    onOctets: (total: number) => void | Promise<void> = () => {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of stream) {
      this.#hash.update(piece);
      this.#octets += piece.length;
      await onOctets(this.#octets);
      yield piece;
    }
  }

  /** Call it once, at the end. */
  digest(): string {
    return `${this.#octets} ${this.#hash.digest('hex')}`;
  }
}
