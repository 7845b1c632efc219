import type { Duplex } from 'node:stream';
import type { Clock } from '#clock/clock.ts';
import { FrameMeter } from './frame-meter.ts';
import type { HeldMessages, Holding } from './held-messages.ts';

/** For messages after the answer to the challenge: an acknowledgement has some forty octets. */
const MAX_SMALL_OCTETS = 4 * 1_024;
/** The same, including the overhead of the pieces. */
const MAX_SMALL_HELD_OCTETS = 16 * 1_024;
/** For a message to be complete once it began; the answer to the challenge has its own limit. */
const MESSAGE_TIMEOUT_MS = 10_000;

interface IncomingParts {
  readonly clock: Clock;
  readonly held: HeldMessages;
  /** The arriving message is too large. */
  readonly onTooLarge: () => void;
  /** The arriving message is late. */
  readonly onOverdue: () => void;
  /** Others need the memory. */
  readonly onPushedOut: () => void;
}

/**
 * Limits the memory that a collector takes with incomplete messages, and with an answer to the
 * challenge that is being verified.
 */
export class IncomingMessages {
  readonly #transport: Duplex;
  readonly #parts: IncomingParts;
  readonly #holding: Holding;
  readonly #meter = new FrameMeter();
  /** Of the answer to the challenge. */
  #answerOctets = 0;
  #isAnswerDealtWith = false;
  #cancelTimeout: (() => void) | null = null;

  /** @param transport - of a WebSocket opened in this turn of the event loop */
  constructor(transport: Duplex, parts: IncomingParts) {
    this.#transport = transport;
    this.#parts = parts;
    this.#holding = parts.held.enter(parts.onPushedOut);
    transport.prependListener('data', this.#onChunk);
    transport.once('close', () => this.#end());
  }

  /** Call it once the answer to the challenge takes no more memory. */
  answerDealtWith(): void {
    this.#isAnswerDealtWith = true;
    this.#answerOctets = 0;
    this.#holding.set(this.#meter.heldOctets);
  }

  readonly #onChunk = (chunk: Uint8Array): void => {
    const before = this.#meter.messages;
    this.#meter.take(chunk);
    if (before === 0 && !this.#isAnswerDealtWith) {
      // Even once it is complete.
      this.#answerOctets += chunk.length;
    }
    const { heldOctets, announcedOctets, messages, isAmidMessage } = this.#meter;
    this.#holding.set(Math.max(heldOctets, this.#answerOctets));
    if (messages > 0) {
      const isTooLarge = announcedOctets > MAX_SMALL_OCTETS || heldOctets > MAX_SMALL_HELD_OCTETS;
      this.#expect(isAmidMessage && !isTooLarge);
      if (isTooLarge) {
        this.#refuse(this.#parts.onTooLarge);
      }
    }
  };

  #expect(isMore: boolean): void {
    if (!isMore) {
      this.#cancelTimeout?.();
      this.#cancelTimeout = null;
    } else {
      this.#cancelTimeout ??= this.#parts.clock.schedule(MESSAGE_TIMEOUT_MS, () =>
        this.#refuse(this.#parts.onOverdue),
      );
    }
  }

  /** Skips the rest; otherwise the peer might not see why it is sent away. */
  #refuse(tell: () => void): void {
    this.#transport.removeAllListeners('data');
    // `ws`, which still gets this chunk, may pause.
    process.nextTick(() => this.#transport.resume());
    this.#end();
    tell();
    this.#transport.end();
  }

  #end(): void {
    this.#expect(false);
    this.#holding.leave();
  }
}
