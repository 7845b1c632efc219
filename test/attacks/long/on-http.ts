import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { RawClient } from '#test/end-to-end/support/raw-client.ts';
import { postHead } from '#test/end-to-end/support/raw-client.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { connectFrom } from '../crowd.ts';
import type { Attack, Begin, Target } from './attack.ts';

const PATH = '/v1/parcels';
const STOPPED_OCTETS = 8_900_000;
/** How many connections at a time are opened. */
const AT_ONCE = 200;

/** Holds as many connections as it can, each of which begins in the same way. */
class KeptConnections implements Attack {
  readonly clients = new Set<RawClient>();
  readonly #target: Target;
  readonly #port: number;
  readonly #begin: (client: RawClient) => void;

  constructor(target: Target, port: number, begin: (client: RawClient) => void = () => {}) {
    this.#target = target;
    this.#port = port;
    this.#begin = begin;
  }

  async renew(): Promise<void> {
    for (let missing = this.#missing; missing > 0; missing -= AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(missing, AT_ONCE) }, () => this.#open()));
    }
  }

  get #missing(): number {
    return this.#target.count - this.clients.size;
  }

  async #open(): Promise<void> {
    const client = await connectFrom(this.#target.from, this.#port).catch(() => null);
    if (client) {
      this.clients.add(client);
      client.socket.once('close', () => this.clients.delete(client));
      this.#begin(client);
    }
  }
}

function beginUpload(client: RawClient, octets: number): void {
  void client.write(postHead(PATH, { 'content-type': PARCEL_TYPE }, MAX_MESSAGE_OCTETS));
  void client.write(Buffer.alloc(octets));
}

/** An octet each second, of which the least speed wants more. */
const drippedUploads: Begin = async (target) => {
  const kept = new KeptConnections(target, target.ports.poweb, (client) => beginUpload(client, 1));
  await kept.renew();
  return {
    async renew() {
      for (const client of kept.clients) {
        void client.write('.');
      }
      await kept.renew();
    },
  };
};

const stoppedUploads: Begin = async (target) => {
  const kept = new KeptConnections(target, target.ports.poweb, (client) =>
    beginUpload(client, STOPPED_OCTETS),
  );
  await kept.renew();
  return kept;
};

const idleConnections: Begin = async (target) => {
  const kept = new KeptConnections(target, target.ports.pohttp);
  await kept.renew();
  return kept;
};

/** So many each second, in each tenth of it a tenth; a key costs nothing, and neither does its digest. */
const preRegistrations: Begin = async ({ ports, from, count }) => {
  const client = new HttpClient(ports.poweb, { from, maxSockets: 20 });
  const posting = { headers: { 'content-type': 'text/plain' }, body: 'a'.repeat(64) };
  const ask = () => client.post('/v1/pre-registrations', posting).catch(() => {});
  const burst = () => Array.from({ length: count / 10 }, ask);
  setInterval(burst, 100).unref();
  return { renew: async () => {} };
};

/** Attacks on the ports of HTTP, by name. */
export const ON_HTTP = {
  drippedUploads,
  stoppedUploads,
  idleConnections,
  preRegistrations,
} as const satisfies Readonly<Record<string, Begin>>;
