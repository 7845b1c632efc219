import type { IncomingMessage } from 'node:http';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';
import { Pieces } from './pieces.ts';
import { Refusal } from './refusal.ts';

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
   * @param tooLargeStatus - for a body over `maxOctets`
   * @throws {Refusal} 413, or `tooLargeStatus`, over `maxOctets`; 408 if the client pauses too
   * long; 400 if it leaves; 503 if too many octets are held already
   */
  async read(request: IncomingMessage, maxOctets: number, tooLargeStatus = 413): Promise<Buffer> {
    const tooLarge = () =>
      new Refusal(tooLargeStatus, `The body is over ${maxOctets} octets`, 'body-too-large');
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
      throw new Refusal(503, 'Too much is being sent at the moment', 'bodies-full');
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
      const onCut = () => end(() => reject(new Refusal(400, 'The body was cut off', 'body-cut')));
      const onPause = () =>
        end(() => reject(new Refusal(408, 'The body stopped coming', 'body-paused')));
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
