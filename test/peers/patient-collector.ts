import type { RawData, WebSocket } from 'ws';
import { parseDelivery } from '#awala/collection/delivery.ts';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import type { Clock } from '#clock/clock.ts';
import { type Peer, signNonce } from '#test/builders/peers.ts';
import { keepPinging } from './okhttp-pings.ts';

/** The deployed client that a collector behaves like. */
export type Client = 'android' | 'javascript';

/** The headers by which the gateway knows the client. */
export const CLIENT_HEADERS: Readonly<Record<Client, Readonly<Record<string, string>>>> = {
  android: { 'user-agent': 'Ktor client' },
  javascript: {},
};

/** The JavaScript client gives up after so long without a ping. */
const JAVASCRIPT_PATIENCE_MS = 7_000;

/** A parcel, and when it arrived. */
interface Arrival {
  readonly octets: number;
  readonly atMs: number;
}

/** Collects parcels with the timeouts of a deployed client. */
export class PatientCollector {
  readonly arrivals: Arrival[] = [];
  /** When the gateway answered the handshake. */
  welcomeAtMs = 0;
  /** Longest wait for a pong so far; Android only. */
  longestPongMs = 0;
  /** Why the connection ended; null until then. */
  ended: string | null = null;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #phone: Peer;
  #isWelcome = false;
  #cancelTimer = () => {};
  #onChange = () => {};

  constructor(socket: WebSocket, client: Client, given: { clock: Clock; phone: Peer }) {
    this.#socket = socket;
    this.#clock = given.clock;
    this.#phone = given.phone;
    socket.on('message', (data) => void this.#onMessage(data));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', (code) => this.#end(`closed with ${code}`));
    if (client === 'android') {
      socket.on('open', () =>
        keepPinging(socket, this.#clock, {
          lost: () => this.#giveUp('no pong came for 5 s'),
          answered: (afterMs) => {
            this.longestPongMs = Math.max(this.longestPongMs, afterMs);
          },
        }),
      );
    } else {
      this.#waitForPing();
      socket.on('ping', () => this.#waitForPing());
    }
  }

  /** Resolves once so many parcels have arrived, or the connection has ended. */
  async until(parcels: number): Promise<void> {
    while (this.arrivals.length < parcels && this.ended === null) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  async #onMessage(data: RawData): Promise<void> {
    const octets = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (this.#isWelcome) {
      const { deliveryId, parcel } = parseDelivery(octets);
      this.arrivals.push({ octets: parcel.length, atMs: this.#nowMs });
      this.#socket.send(deliveryId);
      this.#onChange();
    } else {
      this.#isWelcome = true;
      const signature = await signNonce(parseChallenge(octets), this.#phone);
      this.welcomeAtMs = this.#nowMs;
      this.#socket.send(serialiseHandshakeResponse([signature]));
    }
  }

  get #nowMs(): number {
    return this.#clock.now().getTime();
  }

  #waitForPing(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.schedule(JAVASCRIPT_PATIENCE_MS, () =>
      this.#giveUp('no ping came for 7 s'),
    );
  }

  #giveUp(reason: string): void {
    this.#end(reason);
    this.#socket.terminate();
  }

  #end(reason: string): void {
    this.ended ??= reason;
    this.#onChange();
    this.#cancelTimer();
  }
}
