import type { Duplex } from 'node:stream';
import { Refusal } from '#awala/errors.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import { FrameMeter } from './frame-meter.ts';
import type { HeldMessages } from './held-messages.ts';

/** For messages after the answer to the challenge: an acknowledgement has some forty octets. */
const MAX_SMALL_OCTETS = 4 * 1_024;
/** The same, including the overhead of the pieces. */
const MAX_SMALL_HELD_OCTETS = 16 * 1_024;
/** For a message to be complete once it began; the answer to the challenge has its own limit. */
const MESSAGE_TIMEOUT_MS = 10_000;

interface IncomingParts {
  readonly clock: Clock;
  readonly held: HeldMessages;
}

/** Whose messages they are. */
interface Sender {
  /** Of the client. */
  readonly network: Who;
  refuse(refusal: Refusal): void;
  /** Called if others need the memory. */
  cut(): void;
}

/**
 * Limits the memory that a collector takes with incomplete messages, and with an answer to the
 * challenge that is being verified.
 */
export class IncomingMessages {
  readonly #transport: Duplex;
  readonly #sender: Sender;
  readonly #parts: IncomingParts;
  readonly #meter = new FrameMeter();
  /** Of the answer to the challenge. */
  #answerOctets = 0;
  #isAnswerDealtWith = false;
  #hasEnded = false;
  #cancelTimeout: (() => void) | null = null;

  /** @param transport - of a WebSocket opened in this turn of the event loop */
  constructor(transport: Duplex, sender: Sender, parts: IncomingParts) {
    this.#transport = transport;
    this.#sender = sender;
    this.#parts = parts;
    transport.prependListener('data', (chunk: Uint8Array) => this.#onChunk(chunk));
  }

  /** Call it once the answer to the challenge takes no more memory. */
  answerDealtWith(): void {
    this.#isAnswerDealtWith = true;
    this.#answerOctets = 0;
    this.#hold(this.#meter.heldOctets);
  }

  /** Call it when the connection is over. */
  end(): void {
    this.#expect(false);
    this.#hold(0);
    this.#hasEnded = true;
  }

  #onChunk(chunk: Uint8Array): void {
    const before = this.#meter.messages;
    this.#meter.take(chunk);
    if (before === 0 && !this.#isAnswerDealtWith) {
      // Even once it is complete.
      this.#answerOctets += chunk.length;
    }
    const { heldOctets, announcedOctets, messages, isAmidMessage } = this.#meter;
    this.#hold(Math.max(heldOctets, this.#answerOctets));
    if (messages > 0) {
      const isTooLarge = announcedOctets > MAX_SMALL_OCTETS || heldOctets > MAX_SMALL_HELD_OCTETS;
      this.#expect(isAmidMessage && !isTooLarge);
      if (isTooLarge) {
        this.#refuse(new Refusal('message-too-large', 'The message is too large'));
      }
    }
  }

  #hold(octets: number): void {
    if (!this.#hasEnded) {
      this.#parts.held.set(this.#sender, octets);
    }
  }

  #expect(isMore: boolean): void {
    if (!isMore) {
      this.#cancelTimeout?.();
      this.#cancelTimeout = null;
    } else {
      this.#cancelTimeout ??= this.#parts.clock.schedule(MESSAGE_TIMEOUT_MS, () =>
        this.#refuse(new Refusal('message-overdue', 'The message was not complete in time')),
      );
    }
  }

  /** Skips the rest; otherwise the peer might not see why it is sent away. */
  #refuse(refusal: Refusal): void {
    this.#transport.removeAllListeners('data');
    // `ws`, which still gets this chunk, may pause.
    process.nextTick(() => this.#transport.resume());
    this.end();
    this.#sender.refuse(refusal);
    this.#transport.end();
  }
}
