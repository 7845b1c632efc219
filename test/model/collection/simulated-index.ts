import { BackingUnavailableError } from '#backing/errors.ts';
import {
  type Announcement,
  type CensusClaim,
  type ClaimOptions,
  type HeldIndex,
  type HeldTotals,
  type IndexEntry,
  type IndexedObject,
  PARTS,
  type Part,
  partOf,
  sumOf,
  type Token,
} from '#held-index/port.ts';
import { Withdrawals } from '#held-index/redis/withdrawals.ts';
import { silentLog } from '#log/log.ts';
import type { Faults } from './faults.ts';
import type { Claimed, IndexServer } from './index-server.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Hears what takes effect, in order. */
export interface IndexObserver {
  onClaimed(claimed: Claimed): void;
  onCompleted(claimed: Claimed): void;
}

interface SimulatedIndexParts {
  readonly server: IndexServer;
  readonly process: SimulatedProcess;
  readonly faults: Faults;
  /** Whether a call is answered in the same turn in which it takes effect. */
  readonly isBrief: boolean;
  readonly observer?: IndexObserver;
  /** @default true */
  readonly withdraws?: boolean;
  /** The parts that there are mailboxes in, all by default: to nobody else are they due. */
  readonly counted?: readonly Part[];
}

/** What a process owes the index. */
export interface Announced {
  /** What the server had lost when the latest entry was written; null if that was not confirmed. */
  readonly losses: number | null;
  /** Whether the index has neither the entry yet, nor the word that it may be missing. */
  readonly isOwed: boolean;
}

/**
 * An index as one process sees it: each call takes a turn to take effect, and another to be
 * answered. What may be missing is withdrawn as in Redis.
 */
export class SimulatedIndex implements HeldIndex {
  readonly #parts: SimulatedIndexParts;
  readonly #withdrawals: Withdrawals;
  #announced: Announced = { losses: null, isOwed: false };

  constructor(parts: SimulatedIndexParts) {
    this.#parts = parts;
    const { clock } = parts.process;
    this.#withdrawals = new Withdrawals({ clock, log: silentLog }, (part) => this.#withdraw(part));
  }

  get announced(): Announced {
    return this.#announced;
  }

  async add(mailbox: string, object: IndexedObject): Promise<Announcement> {
    const token = this.#parts.server.newName();
    const writing = this.#write(mailbox, object, token);
    if (!this.#parts.faults.take('late')) {
      return writing;
    }
    this.#announced = { ...this.#announced, isOwed: true };
    return { token: null, isMissing: false, held: null, late: writing };
  }

  async #write(mailbox: string, object: IndexedObject, token: Token): Promise<Announcement> {
    const { server, faults, process } = this.#parts;
    const what = `announces ${token}`;
    try {
      if (faults.take('later')) {
        const { memory } = server;
        void process.arrives(`${what}, late`).then(() => {
          if (memory === server.memory) {
            server.add(mailbox, object, token);
          }
        });
        throw unavailable('given up');
      }
      const { counts, held } = await this.#call(what, () => {
        this.#announced = { losses: server.losses, isOwed: false };
        const counts = server.add(mailbox, object, token);
        return { counts, held: server.held(mailbox) };
      });
      return { token: counts ? token : null, isMissing: false, held, late: null };
    } catch {
      this.#announced = { losses: null, isOwed: true };
      if (this.#parts.withdraws ?? true) {
        this.#withdrawals.add(partOf(mailbox));
      }
      return { token: null, isMissing: true, held: null, late: null };
    }
  }

  async remove(mailbox: string, name: string, token: Token): Promise<void> {
    const remove = () => this.#parts.server.remove(mailbox, name, token);
    await this.#unlessAway(`forgets ${token}`, remove);
  }

  read(mailbox: string): Promise<readonly IndexEntry[] | null> {
    return this.#unlessAway('reads the index', () => this.#parts.server.read(mailbox));
  }

  find(mailbox: string, name: string): Promise<IndexEntry | null> {
    return this.#unlessAway('looks up an entry', () => this.#parts.server.find(mailbox, name));
  }

  async claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null> {
    const { server, observer, counted = PARTS } = this.#parts;
    if (!counted.includes(part)) {
      return null;
    }
    const claimed = await this.#call(`claims part ${part}`, () => {
      const made = server.claim(part, options);
      if (made) {
        observer?.onClaimed(made);
      }
      return made;
    });
    return claimed && this.#claim(claimed, options);
  }

  totalsOf(mailbox: string): Promise<HeldTotals | null> {
    return this.#unlessAway('asks how much there is', () => this.#parts.server.totalsOf(mailbox));
  }

  incompleteParts(): Promise<number> {
    const { server } = this.#parts;
    return this.#call('counts incomplete parts', () => server.incompleteParts());
  }

  totals(): Promise<HeldTotals | null> {
    const { server } = this.#parts;
    return this.#call('reads totals', () => sumOf(PARTS.map((part) => server.totals(part))));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #claim(claimed: Claimed, options: ClaimOptions): CensusClaim {
    const { server, observer } = this.#parts;
    const call = <Result>(what: string, effect: () => Result) =>
      this.#call(`${what}, part ${claimed.part}`, () => {
        if (!server.isClaimed(claimed)) {
          throw unavailable('the claim was lost');
        }
        return effect();
      });
    return {
      waitMs: claimed.waitMs,
      async *mailboxes() {
        yield await call('finds mailboxes', () => server.mailboxes(claimed.part));
      },
      async *entries(mailbox) {
        yield* await call('reads entries', () => server.entriesSince(mailbox, claimed));
      },
      mend: (mailbox, mending) => call('mends', () => server.mend(mailbox, mending)),
      renew: () => call('renews the claim', () => server.renew(claimed, options.leaseMs)),
      complete: (totals) =>
        call('completes', () => {
          const isComplete = server.complete(claimed, options, totals);
          if (isComplete) {
            observer?.onCompleted(claimed);
          }
          return isComplete;
        }),
    };
  }

  #withdraw(part: Part): Promise<void> {
    return this.#call(`withdraws part ${part}`, () => {
      this.#parts.server.withdraw(part);
      this.#announced = { ...this.#announced, isOwed: false };
    });
  }

  async #unlessAway<Result>(what: string, effect: () => Result): Promise<Result | null> {
    try {
      return await this.#call(what, effect);
    } catch {
      return null;
    }
  }

  async #call<Result>(what: string, effect: () => Result): Promise<Result> {
    const { process, server, faults, isBrief } = this.#parts;
    await process.arrives(what);
    if (server.isAway || faults.take('before')) {
      throw unavailable(what);
    }
    const result = effect();
    await process.isAnswered(what, isBrief);
    if (faults.take('after')) {
      throw unavailable(`the answer to: ${what}`);
    }
    return result;
  }
}

function unavailable(what: string): BackingUnavailableError {
  return new BackingUnavailableError('held-index', `simulated: ${what}`);
}
