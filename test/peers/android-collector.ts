import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type RawData, WebSocket } from 'ws';
import { type Delivery, parseDelivery } from '#awala/collection/delivery.ts';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { systemClock } from '#clock/clock.ts';
import { COLLECTION_PATH } from './collector.ts';
import { keepPinging } from './okhttp-pings.ts';

/** Headers of the deployed client, besides those of any WebSocket. */
const HEADERS = {
  'user-agent': 'Ktor client',
  accept: '*/*',
  'accept-charset': 'UTF-8',
  'x-relaynet-streaming-mode': 'keep-alive',
};
/** Limit for connecting, and again for the answer to the upgrade. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Time it takes to store a parcel before acknowledging it. */
const STORING_MS = 20;
const PAUSE_AFTER_END_MS = 3_000;
const PAUSE_AFTER_TIMEOUT_MS = 500;
const NORMAL_CLOSURE = 1000;
const NO_CODE = 1005;
const CUT = 1006;
const WHILE_STORING = ' while it stored a parcel';

/** Why a connection ended, and whether the client comes back by itself. */
interface CollectionEnd {
  readonly reason: string;
  /** Null if it never does. */
  readonly pauseMs: number | null;
}

interface AndroidCollectorOptions {
  readonly answerChallenge: (nonce: Uint8Array) => Promise<Uint8Array>;
  /** Called with each parcel before it is acknowledged. */
  readonly onParcel?: (parcel: Uint8Array) => void;
  /** Called with each parcel, the same array, once its acknowledgement was sent. */
  readonly onAcknowledged?: (parcel: Uint8Array) => void;
  readonly onEnd?: (end: CollectionEnd) => void;
  /** @default 10 s */
  readonly answerTimeoutMs?: number;
}

/**
 * Keeps collecting like the deployed Android client, with the same octets on the wire:
 *
 * - It comes back after exactly 3 s when it is closed with any code but 1000 after the handshake, or when the
 *   connection just ends, at any time; and after 0.5 s when a pong is missing, or no answer comes within 10 s.
 * - It never comes back after 1000, any answer but 101, a refused or reset connection, a close before the handshake is
 *   over, or any end while it stores a parcel: the app starts to collect again only once the network changes.
 */
export class AndroidCollector implements AsyncDisposable {
  /** How each connection ended. */
  readonly ends: CollectionEnd[] = [];
  readonly #port: number;
  readonly #options: AndroidCollectorOptions;
  readonly #leaving = new AbortController();
  /** Resolves once the collection is over for good, or the collector disposed of. */
  readonly over: Promise<void>;
  #isCollecting = false;
  /** Unacknowledged deliveries. */
  #held = 0;
  #storing = Promise.resolve();
  #onUnacknowledged = () => {};

  /** Begins to collect at once. */
  constructor(port: number, options: AndroidCollectorOptions) {
    this.#port = port;
    this.#options = options;
    this.over = this.#run();
  }

  /** Whether it is connected and the handshake is over. */
  get isCollecting(): boolean {
    return this.#isCollecting;
  }

  /** Why the collection is over for good; null while it is not. */
  get lostTo(): string | null {
    const last = this.ends.at(-1);
    return last?.pauseMs === null ? last.reason : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort(new Error('the test is over'));
    await this.over;
  }

  async #run(): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted && this.lostTo === null) {
      const end = await this.#collect(signal);
      if (!signal.aborted) {
        this.ends.push(end);
        this.#options.onEnd?.(end);
        await pause(end.pauseMs ?? 0, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #collect(signal: AbortSignal): Promise<CollectionEnd> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${COLLECTION_PATH}`, {
      headers: HEADERS,
      handshakeTimeout: this.#options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
      perMessageDeflate: true,
    });
    const leave = () => socket.terminate();
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await new Promise<CollectionEnd>((resolve) => this.#converse(socket, resolve));
    } finally {
      this.#isCollecting = false;
      signal.removeEventListener('abort', leave);
      socket.terminate();
    }
  }

  #converse(socket: WebSocket, resolve: (end: CollectionEnd) => void): void {
    const endFor = (reason: string, pauseMs: number | null) => resolve({ reason, pauseMs });
    socket.on('error', ({ message }) =>
      endFor(message, /timed out/.test(message) ? PAUSE_AFTER_TIMEOUT_MS : null),
    );
    socket.on('upgrade', (response) => {
      const transport: Socket = response.socket;
      transport.once('error', (error) => endFor(`broken: ${error.message}`, null));
      const lost = () => endFor('a pong is missing', PAUSE_AFTER_TIMEOUT_MS);
      keepPinging(socket, systemClock, { lost });
    });
    socket.once('close', (code) => {
      const when = this.#whenClosed(code);
      const isSurvived = when === '' && code !== NORMAL_CLOSURE && code !== NO_CODE;
      endFor(`closed with ${code}${when}`, isSurvived ? PAUSE_AFTER_END_MS : null);
    });
    socket.once('message', (challenge: RawData) => {
      socket.on('message', (data: RawData) => {
        this.#held++;
        const delivery = parseDelivery(octetsOf(data));
        this.#storing = this.#storing.then(() => this.#take(socket, delivery));
      });
      void this.#shakeHands(socket, octetsOf(challenge));
    });
    // On the closing frame, not only once the connection is gone.
    this.#onUnacknowledged = () => endFor(`closed${WHILE_STORING}`, null);
  }

  async #shakeHands(socket: WebSocket, challenge: Uint8Array): Promise<void> {
    const signature = await this.#options.answerChallenge(parseChallenge(challenge));
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(serialiseHandshakeResponse([signature]));
      this.#isCollecting = true;
    }
  }

  async #take(socket: WebSocket, { deliveryId, parcel }: Delivery): Promise<void> {
    this.#options.onParcel?.(parcel);
    await pause(STORING_MS);
    this.#held--;
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(deliveryId);
      this.#options.onAcknowledged?.(parcel);
    } else {
      this.#onUnacknowledged();
    }
  }

  #whenClosed(code: number): string {
    if (this.#held > 0) {
      return WHILE_STORING;
    }
    return this.#isCollecting || code === CUT ? '' : ' before the handshake was over';
  }
}

function octetsOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) {
    return data;
  }
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
