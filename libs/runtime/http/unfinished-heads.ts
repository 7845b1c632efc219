import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '#clock/clock.ts';

const LOOK_MS = 1_000;

/**
 * Limits the octets of incomplete request lines and headers over all connections; the HTTP server
 * limits them per connection only. Each second, the largest are cut until the rest fits, which an
 * honest client's few KiB never are.
 */
export class UnfinishedHeads {
  readonly #clock: Clock;
  readonly #maxOctets: number;
  /**
   * Connections without a request in flight, with the octets that they had sent when the last one
   * ended.
   */
  readonly #awaiting = new Map<Socket, number>();
  #cancelLook: (() => void) | null = null;

  constructor(server: Server, clock: Clock, maxOctets: number) {
    this.#clock = clock;
    this.#maxOctets = maxOctets;
    server.on('connection', (socket: Socket) => this.#await(socket));
    server.on('request', (request, response) => {
      const { socket } = request;
      this.forget(socket);
      response.once('close', () => {
        if (request.complete) {
          this.#await(socket);
        } else {
          // The rest of a refused body, which is skipped.
          request.once('end', () => this.#await(socket));
        }
      });
    });
  }

  /** Call it when a connection is closed, and for each request that is no `request` event. */
  forget(socket: Socket): void {
    this.#awaiting.delete(socket);
  }

  #await(socket: Socket): void {
    if (!socket.destroyed) {
      this.#awaiting.set(socket, socket.bytesRead);
      this.#cancelLook ??= this.#clock.schedule(LOOK_MS, () => this.#look());
    }
  }

  #look(): void {
    const unfinished = [...this.#awaiting]
      .map(([socket, before]) => ({ socket, octets: socket.bytesRead - before }))
      .filter(({ octets }) => octets > 0);
    let heldOctets = unfinished.reduce((sum, { octets }) => sum + octets, 0);
    if (heldOctets > this.#maxOctets) {
      for (const { socket, octets } of unfinished.toSorted((a, b) => b.octets - a.octets)) {
        if (heldOctets <= this.#maxOctets) {
          break;
        }
        heldOctets -= octets;
        socket.destroy();
      }
    }
    this.#cancelLook =
      this.#awaiting.size === 0 ? null : this.#clock.schedule(LOOK_MS, () => this.#look());
  }
}
