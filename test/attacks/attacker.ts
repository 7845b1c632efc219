import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';

/** Where honest clients connect from. On Linux, all of 127.0.0.0/8 is this machine. */
export const HONEST_NETWORK = '127.0.0.1';
/** Where attackers connect from, unless from the network of the honest. */
export const ATTACKERS_NETWORK = '127.0.0.2';

/** Every network that an attack may come from, by how it is related to that of honest clients. */
export const NETWORKS = [
  ['another network', ATTACKERS_NETWORK],
  ['their own network', HONEST_NETWORK],
] as const;

/** The part of honest requests that must succeed during an attack. */
const LEAST_SUCCESS = 0.95;

/**
 * Couriers' connections of somebody who means harm. HTTP/2 answers the gateway's pings by itself.
 */
export class Attacker implements Disposable {
  readonly #port: number;
  readonly #localAddress: string;
  readonly #sessions = new Set<ClientHttp2Session>();

  constructor(port: number, localAddress: string) {
    this.#port = port;
    this.#localAddress = localAddress;
  }

  /** Connections that were not closed. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** Resolves once it is open, or was closed. */
  async connect(): Promise<ClientHttp2Session> {
    const where = { host: '127.0.0.1', port: this.#port, localAddress: this.#localAddress };
    const session = http2.connect(`http://127.0.0.1:${this.#port}`, {
      createConnection: () => connect(where),
    });
    this.#sessions.add(session);
    session.on('error', () => {});
    const closed = once(session, 'close').then(() => this.#sessions.delete(session));
    await Promise.race([once(session, 'remoteSettings'), closed]);
    return session;
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions) {
      session.destroy();
    }
  }
}

/**
 * Makes `count` honest requests, one after the other.
 *
 * @param before - awaited before each: what the attacker does again
 * @throws if fewer succeed than must
 */
export async function assertServed(
  count: number,
  request: (index: number) => Promise<boolean>,
  before: () => Promise<unknown> = async () => {},
): Promise<void> {
  let served = 0;
  for (let index = 0; index < count; index++) {
    await before();
    served += (await request(index)) ? 1 : 0;
  }
  assert.ok(served >= LEAST_SUCCESS * count, `${served} of ${count} were served`);
}
