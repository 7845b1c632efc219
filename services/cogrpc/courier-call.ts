import type { ServerDuplexStream } from '@grpc/grpc-js';
import { PeerGoneError, Refusal } from '#awala/errors.ts';
import { LeastSpeed } from '#bounds/least-speed.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log, LogFields } from '#log/log.ts';
import { replyTo, statusOf } from './answers.ts';
import { resetCall } from './call-stream.ts';
import type { CogrpcLimits } from './limits.ts';
import { Stillness } from './stillness.ts';

interface CourierCallParts {
  readonly clock: Clock;
  /** Its lines name the call and its method, and no node. */
  readonly log: Log;
  readonly limits: CogrpcLimits;
  /**
   * Whether to answer a courier that got nothing before it gives up; not if its own octets may be
   * in transit until then.
   */
  readonly answersEarly: boolean;
  /** Octets that the network took so far, of this call and of others over its connection. */
  readonly written: () => number;
  /** Cuts the connection of a peer that does not even let a call be reset. */
  readonly cutConnection: (peer: string) => void;
}

/**
 * A courier's streaming call, in which every wait ends: by the courier's deadline, its hanging up,
 * or our own limits.
 */
export class CourierCall<Request, Response> {
  /** When the courier hangs up, or we do, by `Clock.elapsedMs`. */
  readonly endsAtMs: number;
  readonly #stream: ServerDuplexStream<Request, Response>;
  readonly #parts: CourierCallParts;
  readonly #peer: string;
  readonly #over = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  #isEnded = false;
  #describe: () => LogFields = () => ({});
  readonly #stillness: Stillness;
  #onProgress = () => {};
  #cancelDeadline: () => void;
  #cancelAnswer: () => void;
  #hasWritten = false;
  #cancelCut = () => {};
  #written: Promise<void> = Promise.resolve();

  constructor(stream: ServerDuplexStream<Request, Response>, parts: CourierCallParts) {
    this.#stream = stream;
    this.#parts = parts;
    this.#peer = stream.getPeer();
    const { clock, limits, written } = parts;
    this.#stillness = new Stillness(clock, written);
    const asked = stream.getDeadline();
    const askedMs = Number(asked) - clock.now().getTime();
    const leftMs = Math.min(askedMs, limits.maxCallMs);
    this.endsAtMs = clock.elapsedMs() + leftMs;
    this.#cancelDeadline = clock.schedule(leftMs, () =>
      this.fail(new Refusal('call-time-up', 'The time of the call was up')),
    );
    this.#cancelAnswer = this.#answerBefore(askedMs);
    // grpc-js emits this once nothing more can be sent or received, however the call ended.
    stream.once('cancelled', () => this.#finish());
    stream.on('error', (error) => this.#onError(error));
  }

  /** Aborted when the call is over, with the reason. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Resolves once the peer knows that the call is over. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get log(): Log {
    return this.#parts.log;
  }

  /** For how many milliseconds the courier has neither sent nor taken anything. */
  get stillMs(): number {
    return this.#stillness.lastsMs();
  }

  /** @param describe - whose call it is and how far it got, for the log line of a failure */
  describeBy(describe: () => LogFields): void {
    this.#describe = describe;
  }

  /** @param listener - called when a message came, or was taken by the network */
  onProgress(listener: () => void): void {
    this.#onProgress = listener;
  }

  /** Passes on each message, and the courier's half-close, until the call is over. */
  receive(listener: { onMessage(message: Request): void; onHalfClose(): void }): void {
    this.#stream.on('data', (message: Request) => {
      if (!this.#over.signal.aborted) {
        this.#gotOn();
        listener.onMessage(message);
      }
    });
    this.#stream.once('end', () => {
      if (!this.#over.signal.aborted) {
        listener.onHalfClose();
      }
    });
  }

  /**
   * Sends a message after the ones before it; resolves when the network took it, and memory for the
   * next may be used.
   *
   * @throws the reason of {@link signal} if the call is over first, for instance because the peer
   * does not read
   */
  write(message: Response): Promise<void> {
    const written = this.#written.then(() => this.#write(message));
    this.#written = written.catch(() => {});
    return written;
  }

  /** Ends the call with OK. */
  complete(): void {
    this.#end(new PeerGoneError('The call is complete'), () => this.#stream.end());
  }

  /** Ends the call with the status for `error`, unless it is over. */
  fail(error: unknown): void {
    const reply = replyTo(error);
    this.#end(error, () => {
      const fields = { ...this.#describe(), status: reply.status, error };
      this.#parts.log[reply.level](fields, 'A call of a courier failed');
      this.#stream.emit('error', statusOf(reply));
    });
  }

  /** Answers a courier that got nothing before it hangs up by itself. */
  #answerBefore(patienceMs: number): () => void {
    if (!this.#parts.answersEarly || !Number.isFinite(patienceMs)) {
      return () => {};
    }
    const marginMs = Math.min(this.#parts.limits.answerMarginMs, patienceMs / 4);
    return this.#parts.clock.schedule(patienceMs - marginMs, () => {
      if (!this.#hasWritten) {
        this.fail(new Refusal('too-late', 'The gateway is too slow now; try again later'));
      }
    });
  }

  #write(message: Response): Promise<void> {
    this.signal.throwIfAborted();
    this.#hasWritten = true;
    return new Promise((resolve, reject) => {
      const onOver = () => {
        pace.expect(false);
        reject(this.signal.reason);
      };
      const pace = this.#paceOfReading();
      pace.expect(true);
      this.signal.addEventListener('abort', onOver, { once: true });
      this.#stream.write(message, () => {
        pace.expect(false);
        this.signal.removeEventListener('abort', onOver);
        this.#gotOn();
        resolve();
      });
    });
  }

  #paceOfReading(): LeastSpeed {
    const { clock, limits, written } = this.#parts;
    return new LeastSpeed({
      clock,
      everyMs: limits.paceMs,
      leastOctets: limits.leastPaceOctets,
      mostMs: limits.writeTimeoutMs,
      count: written,
      onTooSlow: () => this.fail(new Refusal('not-reading', 'The courier does not read')),
    });
  }

  #gotOn(): void {
    this.#stillness.gotOn();
    this.#onProgress();
  }

  #end(reason: unknown, tell: () => void): void {
    if (this.#isEnded) {
      return;
    }
    this.#isEnded = true;
    this.#cancelDeadline();
    this.#cancelAnswer();
    this.#over.abort(reason);
    tell();
    if (!this.#stream.cancelled) {
      this.#cutLater();
    }
  }

  /** The connection is cut only if its peer reads nothing: others may share it. */
  #cutLater(): void {
    const { clock, limits, cutConnection } = this.#parts;
    this.#cancelCut = clock.schedule(limits.endTimeoutMs, () => {
      this.#cancelCut = clock.schedule(limits.endTimeoutMs, () => cutConnection(this.#peer));
      resetCall(this.#stream.metadata);
    });
  }

  #finish(): void {
    this.#isEnded = true;
    this.#cancelDeadline();
    this.#cancelAnswer();
    this.#cancelCut();
    this.#over.abort(new PeerGoneError('The courier hung up'));
    this.#finished.resolve();
  }

  /** Errors that we emit ourselves carry a status, and are handled already. */
  #onError(error: unknown): void {
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#cancelDeadline();
      this.#parts.log.info({ ...this.#describe(), error }, 'A courier misbehaved');
      this.#over.abort(error);
    }
  }
}
