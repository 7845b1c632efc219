import type { Duplex } from 'node:stream';
import type { Clock } from '#clock/clock.ts';
import { FrameMeter } from './frame-meter.ts';
import type { HeldMessages, Holding } from './held-messages.ts';

/** After the answer to the challenge: an acknowledgement has some forty octets. */
const MAX_SMALL_OCTETS = 4 * 1_024;
/** The same with what the pieces take in which it comes. */
const MAX_SMALL_HELD_OCTETS = 16 * 1_024;
/** Within which a message must be complete once it began; the answer to the challenge has its own time. */
const MESSAGE_TIMEOUT_MS = 10_000;

interface IncomingParts {
  readonly clock: Clock;
  readonly held: HeldMessages;
  /** The message that is coming is too large. */
  readonly onTooLarge: () => void;
  /** The message that is coming was not complete in time. */
  readonly onOverdue: () => void;
  /** Others need the memory. */
  readonly onPushedOut: () => void;
}

/**
 * Bounds what a collector may hold in memory with messages that are not complete,
 * and with the answer to the challenge until it is dealt with.
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

  /** @param transport - of a WebSocket that has been opened in this turn of the event loop */
  constructor(transport: Duplex, parts: IncomingParts) {
    this.#transport = transport;
    this.#parts = parts;
    this.#holding = parts.held.enter(parts.onPushedOut);
    transport.prependListener('data', this.#onChunk);
    transport.once('close', () => this.#end());
  }

  /** To be called once the answer to the challenge takes no memory any more. */
  answerDealtWith(): void {
    this.#isAnswerDealtWith = true;
    this.#answerOctets = 0;
    this.#holding.set(this.#meter.heldOctets);
  }

  readonly #onChunk = (chunk: Uint8Array): void => {
    const before = this.#meter.messages;
    this.#meter.take(chunk);
    if (before === 0 && !this.#isAnswerDealtWith) {
      // Also once it is complete.
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

  /** What still comes is read past, as the peer might else not see why it is sent away. */
  #refuse(tell: () => void): void {
    this.#transport.removeAllListeners('data');
    // `ws`, which still gets the present chunk, may pause.
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
