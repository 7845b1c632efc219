import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import { type Delivery, parseDelivery } from '#awala/collection/delivery.ts';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { type Peer, signNonce } from '#test/builders/peers.ts';

export const COLLECTION_PATH = '/v1/parcel-collection';

export interface CollectorOptions {
  /** Local address to connect from. By default, the system chooses. */
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly hasUserAgent?: boolean;
  readonly answersPings?: boolean;
}

/** A WebSocket client that collects parcels, one step at a time. */
export class Collector implements Disposable {
  readonly socket: WebSocket;
  /** Resolves with how the server closed; 1006 stands for a cut connection. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #frames: Buffer[] = [];
  #connection: Socket | null = null;
  #wake = () => {};

  /** Connects, and leaves the handshake to the caller. */
  constructor(port: number, options: CollectorOptions = {}) {
    const { headers, path = COLLECTION_PATH, hasUserAgent = true, answersPings = true } = options;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
      headers: { ...(hasUserAgent && { 'user-agent': 'test' }), ...headers },
      perMessageDeflate: false,
      ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
      autoPong: answersPings,
    });
    this.socket.on('upgrade', ({ socket }) => {
      this.#connection = socket;
    });
    this.socket.on('error', () => {});
    this.socket.on('message', (data: RawData) => {
      this.#frames.push(Buffer.isBuffer(data) ? data : Buffer.alloc(0));
      this.#wake();
    });
    // Not `once`, whose promise an earlier error would reject without a handler.
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        this.#wake();
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** Connects, and proves to hold the keys of these private gateways. */
  static async open(
    port: number,
    phones: readonly Peer[],
    options: CollectorOptions = {},
  ): Promise<Collector> {
    const collector = new Collector(port, options);
    await collector.prove(phones);
    return collector;
  }

  /** Proves to hold the keys of these private gateways. */
  async prove(phones: readonly Peer[]): Promise<void> {
    const nonce = await this.challenge();
    this.respond(await Promise.all(phones.map((phone) => signNonce(nonce, phone))));
  }

  /** @returns the nonce to sign */
  async challenge(): Promise<Uint8Array> {
    return parseChallenge(await this.frame());
  }

  respond(signatures: readonly Uint8Array[]): void {
    this.socket.send(serialiseHandshakeResponse(signatures));
  }

  async next(): Promise<Delivery> {
    return parseDelivery(await this.frame());
  }

  acknowledge({ deliveryId }: Delivery): void {
    this.socket.send(deliveryId);
  }

  /** From now on, acknowledges each delivery at once. */
  acknowledgeAll(): void {
    this.socket.on('message', (data: Buffer) => this.acknowledge(parseDelivery(data)));
  }

  /** The next delivery; null if the server closes the connection instead. */
  async nextOrNull(): Promise<Delivery | null> {
    const frame = await this.#frameOrNull();
    return frame && parseDelivery(frame);
  }

  /** The next frame's octets. */
  async frame(): Promise<Buffer> {
    const frame = await this.#frameOrNull();
    assert.ok(frame, 'the server closed the connection');
    return frame;
  }

  async #frameOrNull(): Promise<Buffer | null> {
    while (this.#frames.length === 0 && this.socket.readyState !== WebSocket.CLOSED) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift() ?? null;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Frames that arrived and were not read yet. */
  get waiting(): number {
    return this.#frames.length;
  }

  /**
   * Resolves once the server has answered a ping, and so has seen everything sent before.
   *
   * @throws if it closes the connection instead
   */
  async roundTrip(): Promise<void> {
    const pong = once(this.socket, 'pong');
    this.socket.ping();
    await Promise.race([pong, this.closed.then(({ code }) => assert.fail(`closed with ${code}`))]);
  }

  /** Resolves once the server has begun to send something. */
  async firstOctets(): Promise<void> {
    await once(this.#tcp, 'data');
  }

  /** Octets received so far, with those of the upgrade. */
  get octetsRead(): number {
    return this.#tcp.bytesRead;
  }

  stopReading(): void {
    this.#tcp.pause();
  }

  goOnReading(): void {
    this.#tcp.resume();
  }

  /** After {@link stopReading}, reads once what has arrived. */
  async readSome(): Promise<void> {
    const some = once(this.#tcp, 'data');
    this.#tcp.resume();
    await some;
    this.#tcp.pause();
  }

  /** Sends octets past the WebSocket, which cannot be used afterwards. */
  sendRaw(octets: Uint8Array): void {
    this.#tcp.write(octets);
  }

  /** Sends the beginning of a frame, one octet per TCP segment. */
  async sendInSegments(
    count: number,
    header: Uint8Array = Buffer.of(0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0),
  ): Promise<void> {
    this.#tcp.setNoDelay(true);
    this.sendRaw(header);
    for (let sent = 0; sent < count && this.socket.readyState === WebSocket.OPEN; sent++) {
      this.sendRaw(Buffer.alloc(1));
      await this.#othersTurn();
    }
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Resets the connection. */
  vanish(): void {
    this.#tcp.resetAndDestroy();
  }

  get #tcp(): Socket {
    assert.ok(this.#connection, 'not connected yet');
    return this.#connection;
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** The status with which an upgrade is refused. */
export async function refusedUpgrade(
  port: number,
  options: CollectorOptions = {},
): Promise<number | undefined> {
  const { socket } = new Collector(port, options);
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response.statusCode;
}
