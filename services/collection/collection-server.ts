import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import {
  CollectorConnection,
  type CollectorLimits,
  type CollectorParts,
} from './collector-connection.ts';
import { collectorTraits } from './collector-traits.ts';

export const COLLECTION_PATH = '/v1/parcel-collection';

/** The largest message from a client is a handshake response: a hundred signatures of 4 KiB each. */
const MAX_MESSAGE_OCTETS = 512 * 1024;
/** Fragments of one message; clients send none. Each takes far more memory than the octets in it. */
const MAX_FRAGMENTS = 64;
/** Pieces in which the network brings one message: enough for the smallest segments of TCP. */
const MAX_MESSAGE_PIECES = 2_048;

export interface CollectionServerLimits extends CollectorLimits {
  /** Connections served at once; more are answered 503. */
  readonly maxCollectors: number;
}

/**
 * Serves parcel collections on the upgrade requests of any HTTP server: its own,
 * or the one that it shares with PoWeb.
 */
export class CollectionServer {
  readonly #parts: CollectorParts;
  readonly #limits: CollectionServerLimits;
  readonly #connections = new Set<CollectorConnection>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_OCTETS,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_MESSAGE_PIECES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #isDraining = false;
  #allGone: (() => void) | null = null;

  constructor(parts: CollectorParts, limits: CollectionServerLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  get collectors(): number {
    return this.#connections.size;
  }

  /** To be called for each `upgrade` event of the HTTP server. */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const path = request.url?.split('?', 1)[0];
    if (path !== COLLECTION_PATH) {
      refuse(socket, '404 Not Found');
    } else if (this.#isDraining || this.#connections.size >= this.#limits.maxCollectors) {
      refuse(socket, '503 Service Unavailable');
    } else {
      this.#accept(request, socket, head);
    }
  };

  /**
   * Refuses new collectors and sends the present ones away, spread evenly over
   * `spreadMs` so that they do not all come back to the next server at once.
   *
   * Resolves when the last one is gone, which its own time limits see to, and what
   * they acknowledged is deleted.
   */
  async drain(spreadMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#connections.size === 0) {
      return;
    }
    const allGone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
    });
    const pauseMs = spreadMs / this.#connections.size;
    [...this.#connections].forEach((connection, index) => {
      this.#parts.clock.schedule(pauseMs * index, () => connection.goAway());
    });
    await allGone;
  }

  /** Takes collectors again after a {@link drain}. */
  resume(): void {
    this.#isDraining = false;
  }

  #accept(request: IncomingMessage, transport: Duplex, head: Buffer): void {
    // Read here, since what the callback uses would stay in memory with the connection.
    const traits = collectorTraits(request.headers);
    this.#webSockets.handleUpgrade(request, transport, head, (socket) => {
      const connection = new CollectorConnection(socket, traits, this.#parts, this.#limits);
      this.#connections.add(connection);
      connection.open(() => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) {
          this.#allGone?.();
        }
      });
    });
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 5\r\n\r\n`,
  );
}
