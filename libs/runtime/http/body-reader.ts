import type { IncomingMessage } from 'node:http';
import { PeerGoneError, Refusal } from '#awala/errors.ts';
import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import { LeastSpeed } from '#bounds/least-speed.ts';
import type { Clock } from '#clock/clock.ts';
import type { HttpLimits } from './http-limits.ts';
import { Pieces } from './pieces.ts';

type BodyLimits = Pick<
  HttpLimits,
  'maxBodiesOctets' | 'idleMs' | 'bodyPauseMs' | 'leastBodyOctets'
>;

interface Reading {
  /** The network that it comes from. */
  readonly who: Who;
  /** More is refused. */
  readonly maxOctets: number;
  /** Called whenever as much of it has come as must in the time after which it is idle. */
  readonly onProgress: () => void;
}

interface Body {
  readonly share: Share;
  /** Ends its reading with the reason; false once it is read. */
  end: (reason: Refusal) => boolean;
}

/**
 * Reads the bodies of a server's requests, each into one buffer, within a limit on the octets of
 * all, which is shared fairly between networks.
 *
 * A body counts from its first octet until {@link BodyReader.release}.
 */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #fairShares: FairShares;
  readonly #bodies = new Map<IncomingMessage, Body>();

  /** @param onGivenWay - called for each body that gives way to others */
  constructor(limits: BodyLimits, clock: Clock, onGivenWay: () => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#fairShares = new FairShares({
      capacity: limits.maxBodiesOctets,
      idle: { afterMs: limits.idleMs, clock },
      onGivenWay,
    });
  }

  /** Octets of all bodies held now. */
  get heldOctets(): number {
    return this.#fairShares.held;
  }

  /**
   * @throws {Refusal} `body-too-large` over `maxOctets`; `body-paused` if the client is too
   *   slow; `bodies-full` if its network holds too many octets already
   * @throws the reason of {@link BodyReader.giveWay}
   * @throws {PeerGoneError} if the client leaves
   */
  async read(request: IncomingMessage, { who, maxOctets, onProgress }: Reading): Promise<Buffer> {
    const tooLarge = () => new Refusal('body-too-large', `The body is over ${maxOctets} octets`);
    if (Number(request.headers['content-length']) > maxOctets) {
      throw tooLarge();
    }
    const body = this.#open(request, who);
    const pieces = new Pieces();
    let lately = 0;
    try {
      await this.#forEachChunk(request, body, (chunk) => {
        if (pieces.octets + chunk.length > maxOctets) {
          throw tooLarge();
        }
        if (!body.share.grow(chunk.length)) {
          throw bodiesFull();
        }
        pieces.add(chunk);
        lately += chunk.length;
        if (lately >= this.#leastProgress) {
          lately = 0;
          onProgress();
        }
      });
      body.share.keep();
      return pieces.joined();
    } finally {
      // Remaining listeners would keep the chunks for as long as the request exists.
      pieces.clear();
    }
  }

  /** Less is no progress: an upload that brings an octet now and then is as idle as one that brings none. */
  get #leastProgress(): number {
    const { leastBodyOctets, bodyPauseMs, idleMs } = this.#limits;
    return (leastBodyOctets * idleMs) / bodyPauseMs;
  }

  /**
   * Stops reading a body for `reason`.
   *
   * @returns false if there is none that is being read
   */
  giveWay(request: IncomingMessage, reason: Refusal): boolean {
    return this.#bodies.get(request)?.end(reason) ?? false;
  }

  /** Call it once per request that was read, when its body is no longer needed. */
  release(request: IncomingMessage): void {
    this.#bodies.get(request)?.share.release();
    this.#bodies.delete(request);
  }

  #open(request: IncomingMessage, who: Who): Body {
    const giveWay = () => this.giveWay(request, bodiesFull());
    const share = this.#fairShares.take(who, 0, giveWay);
    if (!share) {
      throw bodiesFull();
    }
    const body = { share, end: () => false };
    this.#bodies.set(request, body);
    return body;
  }

  #forEachChunk(
    request: IncomingMessage,
    body: Body,
    take: (chunk: Buffer) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let octets = 0;
      const onData = (chunk: Buffer) => {
        octets += chunk.length;
        try {
          take(chunk);
        } catch (error) {
          end(() => reject(error));
        }
      };
      const onEnd = () => end(resolve);
      const onCut = () => end(() => reject(new PeerGoneError('The body was cut off')));
      const onPause = () =>
        end(() => reject(new Refusal('body-paused', 'The body came too slowly')));
      const speed = new LeastSpeed({
        clock: this.#clock,
        everyMs: this.#limits.bodyPauseMs,
        leastOctets: this.#limits.leastBodyOctets,
        count: () => octets,
        onTooSlow: onPause,
      });
      speed.expect(true);
      const end = (settle: () => void) => {
        speed.expect(false);
        body.end = () => false;
        request.off('data', onData).off('end', onEnd).off('close', onCut);
        settle();
      };
      body.end = (reason) => {
        end(() => reject(reason));
        return true;
      };
      // Error listeners stay: an unheard error would end the process.
      request.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
    });
  }
}

function bodiesFull(): Refusal {
  return new Refusal('bodies-full', 'Too much is being sent at the moment');
}
