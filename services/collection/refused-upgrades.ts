import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpAnswer } from '#runtime/http/answers.ts';

/** Sends what was written, and ends the connection with neither reset nor closing frame. */
export function endNow(socket: Duplex): void {
  socket.end(() => socket.destroy());
}

/**
 * Answers an upgrade without a WebSocket, and closes without waiting for the client to, as nothing
 * else ends an upgraded connection.
 */
export function refuse(socket: Duplex, { status, headers = {} }: HttpAnswer): void {
  const lines = Object.entries({ Connection: 'close', 'Content-Length': '0', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n`, () => socket.destroy());
}
