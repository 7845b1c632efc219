import assert from 'node:assert/strict';
import { isRefusal } from '#awala/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import {
  type CargoAuthorization,
  CargoAuthorizer,
} from '#gateway/cargo-collection/cargo-authorizer.ts';
import { CargoCollection } from '#gateway/cargo-collection/cargo-collection.ts';
import { CARGO_COLLECTION_LIMITS } from '#gateway/cargo-collection/cargo-collection-limits.ts';
import { Fulfilments } from '#gateway/cargo-collection/fulfilment.ts';
import { type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import type { CallPlan, Journey } from './journey.ts';

/** Cargoes are bounded so that parcels of over 690 kB or so are too large for some clients. */
const limits = { ...CARGO_COLLECTION_LIMITS, maxSerialisedOctets: 700_000 };
const MOST_CALLS = 80;
const DAY_MS = 86_400_000;
const HONEST: CallPlan = { hangsUpAfter: null, forgets: null, arrivals: [], replacement: null };

interface SentCargo {
  readonly id: string;
  readonly cargo: Uint8Array;
}

/** What came of a journey. */
interface Travelled {
  /** Names of what was acknowledged, in that order. */
  readonly acknowledged: readonly string[];
  /** Calls in which nothing was. */
  readonly vainCalls: number;
}

/** A phone's mailbox and a courier that collects from it, without gRPC in between. */
class Travelling {
  readonly #opened: OpenedCogrpc;
  readonly #phone: CargoPhone;
  readonly #clock: ManualClock;
  readonly #journey: Journey;
  readonly #acknowledged = new Set<string>();
  #held = 0;

  constructor(parts: { opened: OpenedCogrpc; phone: CargoPhone; clock: ManualClock }, of: Journey) {
    this.#opened = parts.opened;
    this.#phone = parts.phone;
    this.#clock = parts.clock;
    this.#journey = of;
  }

  async run(): Promise<Travelled> {
    const { parcels, calls } = this.#journey;
    for (const octets of parcels) {
      await this.#hold(octets, this.#held++);
    }
    const authorizer = new CargoAuthorizer(this.#opened);
    const authorization = await authorizer.authorise(await this.#phone.cca());
    const fulfilments = new Fulfilments(this.#opened);
    let vainCalls = 0;
    for (let call = 0; call < MOST_CALLS; call++) {
      const plan = calls[call] ?? HONEST;
      await this.#receive(plan, call);
      const before = this.#acknowledged.size;
      if (await this.#call(fulfilments, authorization, plan)) {
        return { acknowledged: [...this.#acknowledged], vainCalls };
      }
      vainCalls += this.#acknowledged.size === before ? 1 : 0;
    }
    assert.fail(`the CCA has no end after ${MOST_CALLS} calls`);
  }

  async #receive({ arrivals, replacement }: CallPlan, call: number): Promise<void> {
    for (const octets of arrivals) {
      await this.#hold(octets, this.#held++);
    }
    if (replacement !== null) {
      await this.#hold(replacement, 0, `replaced before call ${call}`);
    }
  }

  #hold(octets: number, index: number, version = 'first'): Promise<string> {
    const body = Buffer.alloc(octets);
    body.write(nameOf(index, version, octets));
    const identity = {
      privateGateway: this.#phone.peer.nodeId,
      recipient: `0${'b'.repeat(64)}`,
      sender: `0${'c'.repeat(64)}`,
      parcelId: `parcel ${index}`,
    };
    const expiresAt = new Date(this.#clock.now().getTime() + DAY_MS);
    return this.#opened.mailbox.store(identity, body, expiresAt);
  }

  /** @returns whether the CCA is used up */
  async #call(
    fulfilments: Fulfilments,
    authorization: CargoAuthorization,
    plan: CallPlan,
  ): Promise<boolean> {
    const { takesOversize, deadlineMs } = this.#journey;
    const endsAtMs = this.#clock.elapsedMs() + deadlineMs;
    const over = new AbortController();
    const fulfilment = await fulfilments.begin(authorization, over.signal);
    const sent: SentCargo[] = [];
    const send = async (id: string, cargo: Uint8Array) => void sent.push({ id, cargo });
    const parts = { ...this.#opened, budget: this.#opened.collectionBudget };
    const request = { authorization, fulfilment, endsAtMs, limits, takesOversize, send };
    const collection = new CargoCollection(parts, request);
    let outcome: unknown = null;
    const running = collection.run(over.signal).then(
      () => {
        outcome = 'used up';
      },
      (error: unknown) => {
        outcome = error;
      },
    );
    await this.#carry({ sent, collection, endsAtMs, plan, isOver: () => outcome !== null });
    over.abort(new HungUpError());
    await running;
    const isExpected = outcome instanceof HungUpError || isRefusal(outcome, 'collection-cut');
    assert.ok(outcome === 'used up' || isExpected, String(outcome));
    return outcome === 'used up';
  }

  /** Takes cargo over the link and acknowledges it, until the call is over or the courier hangs up. */
  async #carry(call: {
    readonly sent: readonly SentCargo[];
    readonly collection: CargoCollection;
    readonly endsAtMs: number;
    readonly plan: CallPlan;
    readonly isOver: () => boolean;
  }): Promise<void> {
    const { sent, collection, endsAtMs, plan, isOver } = call;
    let acknowledgements = 0;
    for (let index = 0; ; index++) {
      while (!isOver() && index === sent.length && this.#clock.elapsedMs() < endsAtMs) {
        await turns();
        this.#clock.advance(sent.length === index ? 5 : 0);
      }
      const delivery = sent[index];
      const arrivesAtMs = this.#clock.elapsedMs() + this.#travelMs(delivery?.cargo.length ?? 0);
      this.#checkNothingComesAgain(sent.slice(index));
      if (!delivery || isOver() || arrivesAtMs > endsAtMs) {
        this.#clock.advance(isOver() ? 0 : Math.max(0, endsAtMs - this.#clock.elapsedMs()));
        return;
      }
      if (acknowledgements === plan.hangsUpAfter) {
        return;
      }
      this.#clock.advance(arrivesAtMs - this.#clock.elapsedMs());
      if (index !== plan.forgets) {
        this.#acknowledge(delivery);
        acknowledgements += 1;
        assert.ok(collection.acknowledge(delivery.id) || isOver());
      }
    }
  }

  #acknowledge({ cargo }: SentCargo): void {
    for (const name of this.#namesIn(cargo)) {
      this.#acknowledged.add(name);
    }
  }

  #checkNothingComesAgain(sent: readonly SentCargo[]): void {
    for (const name of sent.flatMap(({ cargo }) => this.#namesIn(cargo))) {
      assert.ok(!this.#acknowledged.has(name), `${name} came again though it was acknowledged`);
    }
  }

  #namesIn(cargo: Uint8Array): string[] {
    const { messages } = this.#phone.open(cargo);
    return messages.map((message) =>
      Buffer.from(message.subarray(0, 200)).toString('latin1').replace(/\0+$/, ''),
    );
  }

  #travelMs(octets: number): number {
    const { octetsPerSecond, latencyMs } = this.#journey;
    return Math.ceil((octets / octetsPerSecond) * 1_000 + latencyMs);
  }
}

class HungUpError extends Error {}

export async function travel(journey: Journey): Promise<Travelled> {
  const clock = new ManualClock();
  const acceptedParcels = {
    async *list(_: string, { startAfter = '' }: { startAfter?: string } = {}) {
      for (let index = 0; index < journey.pcas; index++) {
        const place = String(index);
        const ack = { senderId: 'a', recipientId: 'b', parcelId: place };
        if (place > startAfter) {
          yield { ...ack, expiresAt: new Date(clock.now().getTime() + DAY_MS), place };
        }
      }
    },
  };
  await using opened = await openCogrpc({ clock, acceptedParcels });
  const phone = await CargoPhone.register(opened);
  return await new Travelling({ opened, phone, clock }, journey).run();
}

/** What {@link Travelled.acknowledged} calls a parcel that was held before the first call. */
export function nameOf(index: number, version: string, octets: number): string {
  return `${index} ${version} `.slice(0, octets);
}

/** Lets what is ready happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
