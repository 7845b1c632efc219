import type { IncomingMessage } from 'node:http';
import { PeerGoneError, Refusal } from '#awala/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';
import { Pieces } from './pieces.ts';

type BodyLimits = Pick<HttpLimits, 'maxBodiesOctets' | 'bodyPauseMs'>;

/**
 * Reads the bodies of a server's requests, each into one buffer, within a limit on the octets of
 * all.
 *
 * A body counts from its first octet until {@link BodyReader.release}.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #held = new WeakMap<IncomingMessage, number>();
  #heldOctets = 0;

  constructor(limits: BodyLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Octets of all bodies held now. */
  get heldOctets(): number {
    return this.#heldOctets;
  }

  /**
   * @throws {Refusal} `body-too-large` over `maxOctets`; `body-paused` if the client pauses too
   *   long; `bodies-full` if too many octets are held already
   * @throws {PeerGoneError} if the client leaves
   */
  async read(request: IncomingMessage, maxOctets: number): Promise<Buffer> {
    const tooLarge = () => new Refusal('body-too-large', `The body is over ${maxOctets} octets`);
    if (Number(request.headers['content-length']) > maxOctets) {
      throw tooLarge();
    }
    const pieces = new Pieces();
    try {
      await this.#forEachChunk(request, (chunk) => {
        if (pieces.octets + chunk.length > maxOctets) {
          throw tooLarge();
        }
        this.#hold(request, chunk.length);
        pieces.add(chunk);
      });
      return pieces.joined();
    } finally {
      // Remaining listeners would keep the chunks for as long as the request exists.
      pieces.clear();
    }
  }

  /** Call it once per request that was read, when its body is no longer needed. */
  release(request: IncomingMessage): void {
    this.#heldOctets -= this.#held.get(request) ?? 0;
    this.#held.delete(request);
  }

  #hold(request: IncomingMessage, octets: number): void {
    if (this.#heldOctets + octets > this.#limits.maxBodiesOctets) {
      throw new Refusal('bodies-full', 'Too much is being sent at the moment');
    }
    this.#heldOctets += octets;
    this.#held.set(request, (this.#held.get(request) ?? 0) + octets);
  }

  #forEachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let lastChunkMs = this.#nowMs();
      const onData = (chunk: Buffer) => {
        lastChunkMs = this.#nowMs();
        try {
          take(chunk);
        } catch (error) {
          end(() => reject(error));
        }
      };
      const onEnd = () => end(resolve);
      const onCut = () => end(() => reject(new PeerGoneError('The body was cut off')));
      const onPause = () =>
        end(() => reject(new Refusal('body-paused', 'The body stopped coming')));
      const stopWatching = this.#watchPause(() => lastChunkMs, onPause);
      const end = (settle: () => void) => {
        stopWatching();
        request.off('data', onData).off('end', onEnd).off('close', onCut);
        settle();
      };
      // Error listeners stay: an unheard error would end the process.
      request.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
    });
  }

  /**
   * Calls `onPause` when the last chunk is too old. One timer for all chunks costs less than one
   * each.
   */
  #watchPause(lastChunkMs: () => number, onPause: () => void): () => void {
    const check = () => {
      const leftMs = lastChunkMs() + this.#limits.bodyPauseMs - this.#nowMs();
      if (leftMs <= 0) {
        onPause();
      } else {
        cancel = this.#clock.schedule(leftMs, check);
      }
    };
    let cancel = this.#clock.schedule(this.#limits.bodyPauseMs, check);
    return () => cancel();
  }

  #nowMs(): number {
    return this.#clock.elapsedMs();
  }
}
