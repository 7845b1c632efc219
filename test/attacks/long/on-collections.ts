import { type Peer, signNonce } from '#test/builders/peers.ts';
import { Collector } from '#test/peers/collector.ts';
import { frameHeader } from '#test/peers/frame-header.ts';
import { Phone } from '#test/peers/phone.ts';
import type { Attack, Begin, Target } from './attack.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;
/** How many connections at a time are opened. */
const AT_ONCE = 50;
/** How long at a time more are opened, each of which costs a signature. */
const MOST_MS = 25_000;
/** What deployed clients wait before they come again. */
const COMES_AGAIN_MS = 3_000;

/** Holds as many collections as it can, each of which goes on in the same way once it is connected. */
class KeptCollections implements Attack {
  readonly collectors = new Set<Collector>();
  readonly #target: Target;
  readonly #goOn: (collector: Collector) => Promise<void>;

  constructor(target: Target, goOn: (collector: Collector) => Promise<void>) {
    this.#target = target;
    this.#goOn = goOn;
  }

  async renew(): Promise<void> {
    const endsAtMs = performance.now() + MOST_MS;
    for (let missing = this.#missing; missing > 0; missing -= AT_ONCE) {
      if (performance.now() > endsAtMs) {
        return;
      }
      await Promise.all(Array.from({ length: Math.min(missing, AT_ONCE) }, () => this.#open()));
    }
  }

  get #missing(): number {
    return this.#target.count - this.collectors.size;
  }

  async #open(): Promise<void> {
    const collector = new Collector(this.#target.ports.collection, {
      localAddress: this.#target.from,
    });
    this.collectors.add(collector);
    void collector.closed.then(() => this.collectors.delete(collector));
    // Whoever is sent away comes again.
    await Promise.race([this.#goOn(collector).catch(() => {}), collector.closed]);
  }
}

async function begin(
  target: Target,
  goOn: (collector: Collector, phone: Peer) => Promise<void>,
): Promise<KeptCollections> {
  const { phone } = await Phone.register(target.ports.poweb, 'attacker');
  const kept = new KeptCollections(target, (collector) => goOn(collector, phone));
  await kept.renew();
  return kept;
}

/** Each waits for parcels, as an honest one does. */
const manyCollections: Begin = (target) =>
  begin(target, (collector, phone) => collector.prove([phone]));

const unfinishedMessages: Begin = (target) =>
  begin(target, async (collector, phone) => {
    await collector.prove([phone]);
    await collector.roundTrip();
    collector.sendRaw(frameHeader('binary', 512 * KIB));
    collector.sendRaw(Buffer.alloc(500 * KIB));
  });

/** They read nothing of a large parcel, but send pongs. */
const unreadParcels: Begin = async (target) => {
  const phone = await Phone.register(target.ports.poweb, 'attacker');
  await phone.deliver(await phone.parcel({ payload: Buffer.alloc(7 * MIB) }));
  const kept = new KeptCollections(target, async (collector) => {
    await collector.prove([phone.phone]);
    await collector.firstOctets();
    collector.stopReading();
  });
  await kept.renew();
  return {
    async renew() {
      for (const { socket, isOpen } of kept.collectors) {
        if (isOpen) {
          socket.pong();
        }
      }
      await kept.renew();
    },
  };
};

/** Each signs another nonce, and comes again three seconds after each answer. */
const badHandshakes: Begin = async (target) => {
  const { phone } = await Phone.register(target.ports.poweb, 'attacker');
  const signature = await signNonce(Buffer.alloc(32), phone);
  const comeAgain = async (): Promise<void> => {
    const collector = new Collector(target.ports.collection, { localAddress: target.from });
    await Promise.race([collector.challenge().catch(() => {}), collector.closed]);
    if (collector.isOpen) {
      collector.respond([signature]);
    }
    await collector.closed;
    setTimeout(() => void comeAgain(), COMES_AGAIN_MS).unref();
  };
  for (let index = 0; index < target.count; index++) {
    setTimeout(() => void comeAgain(), (index * COMES_AGAIN_MS) / target.count).unref();
  }
  return { renew: async () => {} };
};

/** Attacks on collections, by name. */
export const ON_COLLECTIONS = {
  manyCollections,
  unfinishedMessages,
  unreadParcels,
  badHandshakes,
} as const satisfies Readonly<Record<string, Begin>>;
