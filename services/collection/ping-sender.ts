import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** The last fragment of a ping (RFC 6455 §5.2). */
const FINAL_PING = 0x89;
const HEADER_OCTETS = 2;

/**
 * Sends pings past `ws`, which writes a frame's head and payload apart: twice the work, for what idle
 * connections do most. A control frame may stand between any two others, and `ws` compresses none.
 */
export class PingSender {
  readonly #socket: WebSocket;
  readonly #transport: Duplex;

  constructor(socket: WebSocket, transport: Duplex) {
    this.#socket = socket;
    this.#transport = transport;
  }

  /**
   * Does nothing once the connection is closing.
   *
   * @param payload - of 125 octets at most
   */
  send(payload: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) {
      const frame = Buffer.allocUnsafe(HEADER_OCTETS + payload.length);
      frame[0] = FINAL_PING;
      frame[1] = payload.length;
      frame.set(payload, HEADER_OCTETS);
      this.#transport.write(frame);
    }
  }
}
