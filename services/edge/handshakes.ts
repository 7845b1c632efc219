import type { Socket } from 'node:net';
import type { Clock } from '#clock/clock.ts';

interface HandshakeLimits {
  readonly max: number;
  readonly timeoutMs: number;
}

/** TCP connections whose TLS handshake is not over; one too many cuts the oldest. */
export class Handshakes {
  readonly #limits: HandshakeLimits;
  readonly #clock: Clock;
  readonly #byPath = new Map<string, Socket>();

  constructor(limits: HandshakeLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#byPath.size;
  }

  /** @param connection - as accepted, without TLS */
  began(connection: Socket): void {
    const path = pathOf(connection);
    const isUnderWay = () => this.#byPath.get(path) === connection;
    const cancel = this.#clock.schedule(this.#limits.timeoutMs, () => {
      if (isUnderWay()) {
        connection.destroy();
      }
    });
    connection.once('close', () => {
      cancel();
      if (isUnderWay()) {
        this.#byPath.delete(path);
      }
    });
    this.#byPath.set(path, connection);
    if (this.#byPath.size > this.#limits.max) {
      const [[oldestPath, oldest] = []] = this.#byPath;
      this.#byPath.delete(oldestPath ?? '');
      oldest?.destroy();
    }
  }

  /** @param connection - with TLS, which Node makes another object */
  ended(connection: Socket): void {
    this.#byPath.delete(pathOf(connection));
  }

  cutAll(): void {
    for (const connection of this.#byPath.values()) {
      connection.destroy();
    }
  }
}

/** The two ends of a TCP connection. */
function pathOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
