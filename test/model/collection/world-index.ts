import type { NodeId } from '#awala/node-id.ts';
import { Census } from '#gateway/held/census.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { LONGEST_ACCEPTING_MS, NOTHING_HELD, type Part, partOf } from '#held-index/port.ts';
import { silentLog } from '#log/log.ts';
import { Faults } from './faults.ts';
import { IndexServer } from './index-server.ts';
import { IndexWatch } from './index-watch.ts';
import { ObservedStore } from './observed-store.ts';
import { type IndexEvent, PRIVATE_GATEWAYS, type PrivateGateway } from './scenario.ts';
import { SimulatedIndex } from './simulated-index.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { World } from './world.ts';

/** As in the workers, but for fewer hands. */
export const CENSUS_LIMITS = {
  intervalMs: 900_000,
  completeMs: 86_400_000,
  leaseMs: 60_000,
  partsAtOnce: 2,
  concurrency: 1,
};

/** The index of a world: its server, the processes that use it, and the censuses. */
export class WorldIndex {
  readonly server: IndexServer;
  readonly watch: IndexWatch;
  readonly faults = new Faults();
  readonly #world: World;
  readonly #mailboxes: readonly NodeId[];
  readonly #end = new AbortController();
  #censuses = 0;

  /** @param privateGateways - to whose mailboxes all parcels go */
  constructor(world: World, privateGateways: readonly PrivateGateway[]) {
    this.#world = world;
    this.#mailboxes = privateGateways.map((letter) => PRIVATE_GATEWAYS[letter]);
    let agoMs = LONGEST_ACCEPTING_MS;
    this.server = new IndexServer(() => world.clock.elapsedMs() - agoMs, world.mutant.server);
    this.watch = new IndexWatch(world.ledger, this.server);
    this.#beComplete();
    agoMs = 0;
  }

  get #parts(): readonly Part[] {
    return this.#mailboxes.map(partOf);
  }

  /** The index as a process sees it. */
  of(process: SimulatedProcess): SimulatedIndex {
    const { server, faults, watch } = this;
    const { isBrief, mutant } = this.#world;
    const { withdraws = true } = mutant;
    const shared = { server, faults, isBrief, withdraws, observer: watch, counted: this.#parts };
    return new SimulatedIndex({ ...shared, process });
  }

  perform(event: IndexEvent): void {
    this.#world.interleaver.note(`index: ${event.what}`);
    switch (event.what) {
      case 'census':
        void this.#takeCensus();
        break;
      case 'replicates':
        this.server.replicate();
        break;
      case 'fails over':
        this.server.failOver();
        break;
      case 'is emptied':
        this.server.loseEverything(event.restarts);
        break;
      case 'fails a call':
        this.faults.add(event.moment);
        break;
      default:
        this.server.isAway = event.what === 'goes away';
    }
  }

  /** From now on nothing fails. */
  calmDown(): void {
    this.faults.clear();
    this.server.isAway = false;
  }

  /** To be called once two censuses have passed without a fault. */
  async checkMended(): Promise<void> {
    const stored = await Array.fromAsync(this.#world.objects.list(''));
    const keys = stored.map(({ key }) => key);
    this.watch.checkMended(this.#mailboxes, keys);
    this.#world.check();
  }

  /** Ends the censuses. */
  end(): void {
    this.#end.abort(new Error('the end'));
  }

  /** As a census left it before the run. */
  #beComplete(): void {
    for (const part of this.#parts) {
      const claimed = this.server.claim(part, CENSUS_LIMITS);
      if (claimed) {
        this.server.complete(claimed, { ...CENSUS_LIMITS, intervalMs: 0 }, NOTHING_HELD);
      }
    }
    this.server.replicate();
  }

  async #takeCensus(): Promise<void> {
    const world = this.#world;
    this.#censuses += 1;
    const name = `census ${this.#censuses}`;
    const { clock, interleaver: turns, signals, mutant } = world;
    const process = new SimulatedProcess(name, { turns, clock });
    const objects = new ObservedStore(world, process);
    const index = this.of(process);
    const heldIndex = mutant.index?.(index) ?? index;
    const mailbox = new Mailbox({ objects, signals, heldIndex, clock });
    const parts = { objects, heldIndex, mailbox, clock, log: silentLog };
    try {
      await new Census(parts, CENSUS_LIMITS).run(this.#end.signal, () => 0);
    } catch (error) {
      turns.note(`${name} ends early: ${error}`);
    }
  }
}
