import type { Socket } from 'node:net';
import { FairShares } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';

interface HandshakeLimits {
  readonly max: number;
  readonly idleMs: number;
  readonly timeoutMs: number;
}

interface UnderWay {
  readonly connection: Socket;
  /** Safe to repeat. */
  readonly end: () => void;
}

/** TCP connections whose TLS handshake is not over: shared fairly between networks. */
export class Handshakes {
  readonly #limits: HandshakeLimits;
  readonly #clock: Clock;
  readonly #networks: ClientNetworks;
  readonly #fairShares: FairShares;
  readonly #byPath = new Map<string, UnderWay>();

  constructor(limits: HandshakeLimits, clock: Clock, networks: ClientNetworks) {
    this.#limits = limits;
    this.#clock = clock;
    this.#networks = networks;
    const idle = { afterMs: limits.idleMs, clock };
    this.#fairShares = new FairShares({ capacity: limits.max, idle });
  }

  get size(): number {
    return this.#byPath.size;
  }

  /** @param connection - as accepted, without TLS */
  began(connection: Socket): void {
    const path = pathOf(connection);
    const cut = () => {
      this.#byPath.get(path)?.end();
      connection.destroy();
    };
    const share = this.#fairShares.take(this.#networks.pathOfConnection(connection), 1, cut);
    if (!share) {
      connection.destroy();
      return;
    }
    const cancelTimeout = this.#clock.schedule(this.#limits.timeoutMs, cut);
    const end = () => {
      cancelTimeout();
      share.release();
      if (this.#byPath.get(path) === underWay) {
        this.#byPath.delete(path);
      }
    };
    const underWay = { connection, end };
    this.#byPath.set(path, underWay);
    connection.once('close', end);
  }

  /** @param connection - with TLS, which Node makes another object */
  ended(connection: Socket): void {
    this.#byPath.get(pathOf(connection))?.end();
  }

  cutAll(): void {
    for (const { connection } of this.#byPath.values()) {
      connection.destroy();
    }
  }
}

/** The two ends of a TCP connection. */
function pathOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
