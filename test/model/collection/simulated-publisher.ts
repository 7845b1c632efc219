import { Mailbox } from '#gateway/held/mailbox.ts';
import { LONGEST_ACCEPTING_MS, LONGEST_PUT_MS } from '#held-index/port.ts';
import { ObservedStore } from './observed-store.ts';
import { identityOf, type ParcelPlan } from './scenario.ts';
import type { Announced, SimulatedIndex } from './simulated-index.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

/** A process that accepts one parcel: announces, stores and signals it. */
export class SimulatedPublisher {
  readonly process: SimulatedProcess;
  /** What is stored by then is accepted; what is stored later is not. */
  readonly answeredByMs: number;
  readonly #world: World;
  readonly #index: SimulatedIndex | null;
  readonly #mailbox: Mailbox;
  #isStoring = true;

  constructor(world: World, name: string) {
    const { clock, interleaver, signals, mutant, maxSignalledOctets } = world;
    this.process = new SimulatedProcess(name, { turns: interleaver, clock });
    const beganMs = clock.elapsedMs();
    this.answeredByMs = beganMs + LONGEST_ACCEPTING_MS;
    this.#world = world;
    this.#index = world.index?.of(this.process) ?? null;
    const puts = { answeredByMs: this.answeredByMs, endMs: beganMs + LONGEST_PUT_MS };
    const parts = {
      objects: new ObservedStore(world, this.process, this.#index ? { puts } : {}),
      signals: signals.of(this.process),
      heldIndex: this.#index,
      maxSignalledOctets,
      clock: this.process.clock,
    };
    this.#mailbox = mutant.publisher?.(parts) ?? new Mailbox(parts);
  }

  get announced(): Announced | null {
    return this.#index?.announced ?? null;
  }

  /** Whether it has something to do yet. */
  get isBusy(): boolean {
    return !this.process.isDead && (this.#isStoring || this.announced?.isOwed === true);
  }

  /** @param name - which the body starts with */
  async store(parcel: ParcelPlan, name: string): Promise<void> {
    const body = Buffer.from(`${name} `.padEnd(parcel.octets, '.'));
    const expiresAt = new Date(this.#world.clock.now().getTime() + parcel.lifeMs);
    try {
      await this.#mailbox.store(identityOf(parcel), body, expiresAt);
    } catch (error) {
      this.#world.interleaver.note(`${name} is refused: ${error}`);
    }
    this.#isStoring = false;
  }
}
