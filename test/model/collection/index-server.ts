import {
  type ClaimOptions,
  type HeldAmount,
  type HeldTotals,
  type IndexEntry,
  type IndexedObject,
  LONGEST_ACCEPTING_MS,
  LONGEST_PUT_MS,
  MAX_READ_ENTRIES,
  type Mending,
  PARTS,
  type Part,
  partOf,
  type Token,
} from '#held-index/port.ts';

type Remembered = IndexedObject & { readonly token: Token; readonly addedMs: number };

/** Another begins whenever entries may be missing. */
interface Epoch {
  readonly id: string;
  readonly sinceMs: number;
  readonly memory: string;
}

interface CountedPart {
  /** The memory that it was set in, and when it lapses. */
  mark: { readonly memory: string; readonly untilMs: number } | null;
  epoch: Epoch | null;
  lease: { readonly id: string; readonly sinceMs: number; untilMs: number } | null;
  countedUntilMs: number;
  totals: HeldTotals | null;
}

interface Data {
  readonly mailboxes: Map<string, Map<string, Remembered>>;
  readonly parts: Map<Part, CountedPart>;
}

/** What a server does; all true but in mutants. */
export interface ServerRules {
  /** A mark counts only in the memory that it was set in. */
  readonly marksNameMemory: boolean;
  /** Who announces over an entry that is not settled is given no token. */
  readonly mindsRivals: boolean;
  /** A census does not complete a part that was withdrawn since it began. */
  readonly completionMindsWithdrawals: boolean;
}

export const SERVER_RULES: ServerRules = {
  marksNameMemory: true,
  mindsRivals: true,
  completionMindsWithdrawals: true,
};

/** What a census knows of its claim. */
export interface Claimed {
  readonly id: string;
  readonly part: Part;
  readonly epoch: Epoch;
  readonly waitMs: number;
}

/**
 * The server of an index, as Redis is: each call takes effect at once and whole. Its data and the
 * name of its memory change when it is emptied, or fails over to a replica that lags.
 */
export class IndexServer {
  isAway = false;
  readonly #nowMs: () => number;
  readonly #rules: ServerRules;
  #memories = 1;
  #losses = 0;
  #names = 0;
  #data: Data = { mailboxes: new Map(), parts: new Map() };
  #replica: Data = structuredClone(this.#data);

  constructor(nowMs: () => number, rules: Partial<ServerRules> = {}) {
    this.#nowMs = nowMs;
    this.#rules = { ...SERVER_RULES, ...rules };
  }

  get memory(): string {
    return `memory ${this.#memories}`;
  }

  /** How often it has lost something. */
  get losses(): number {
    return this.#losses;
  }

  /** Another each time. */
  newName(): string {
    this.#names += 1;
    return `name${this.#names}`;
  }

  /** The replica has got everything by now. */
  replicate(): void {
    this.#replica = structuredClone(this.#data);
  }

  /** The replica takes over, with what it has got. */
  failOver(): void {
    this.#losses += 1;
    this.#memories += 1;
    this.#data = structuredClone(this.#replica);
  }

  /** @param restarts - or else somebody removes everything from it */
  loseEverything(restarts: boolean): void {
    this.#losses += 1;
    this.#memories += Number(restarts);
    this.#data = { mailboxes: new Map(), parts: new Map() };
    this.replicate();
  }

  isComplete(part: Part): boolean {
    const { mark } = this.#part(part);
    return (
      mark !== null &&
      this.#nowMs() < mark.untilMs &&
      (mark.memory === this.memory || !this.#rules.marksNameMemory)
    );
  }

  names(mailbox: string): string[] {
    return [...(this.#data.mailboxes.get(mailbox)?.keys() ?? [])].sort();
  }

  /** @returns whether the token counts: another put of the same name may be under way */
  add(mailbox: string, object: IndexedObject, token: Token): boolean {
    const entries = this.#data.mailboxes.get(mailbox) ?? new Map<string, Remembered>();
    const isRival = this.find(mailbox, object.name)?.isSettled === false;
    entries.set(object.name, { ...object, token, addedMs: this.#nowMs() });
    this.#data.mailboxes.set(mailbox, entries);
    return !isRival || !this.#rules.mindsRivals;
  }

  remove(mailbox: string, name: string, token: Token): void {
    const entries = this.#data.mailboxes.get(mailbox);
    if (entries?.get(name)?.token === token) {
      entries.delete(name);
    }
  }

  read(mailbox: string): IndexEntry[] | null {
    const isTooMuch = (this.#data.mailboxes.get(mailbox)?.size ?? 0) > MAX_READ_ENTRIES;
    return this.isComplete(partOf(mailbox)) && !isTooMuch
      ? this.#entries(mailbox, this.#nowMs())
      : null;
  }

  held(mailbox: string): HeldAmount {
    const entries = [...(this.#data.mailboxes.get(mailbox)?.values() ?? [])];
    const octets = entries.reduce((sum, { sizeOctets }) => sum + sizeOctets, 0);
    return { objects: entries.length, octets };
  }

  totalsOf(mailbox: string): HeldTotals | null {
    const entries = [...(this.#data.mailboxes.get(mailbox)?.values() ?? [])];
    const oldestMs = Math.min(...entries.map(({ addedMs }) => addedMs));
    const isTold = entries.length > 0 && entries.length <= MAX_READ_ENTRIES;
    return this.isComplete(partOf(mailbox))
      ? { ...this.held(mailbox), oldestAt: isTold ? new Date(oldestMs) : null }
      : null;
  }

  find(mailbox: string, name: string): IndexEntry | null {
    const entry = this.#data.mailboxes.get(mailbox)?.get(name);
    return entry ? entryOf(entry, this.#nowMs()) : null;
  }

  withdraw(part: Part): void {
    const counted = this.#part(part);
    counted.epoch = this.#newEpoch();
    counted.mark = null;
  }

  claim(part: Part, { leaseMs }: ClaimOptions): Claimed | null {
    const counted = this.#part(part);
    const nowMs = this.#nowMs();
    if (counted.countedUntilMs > nowMs || (counted.lease?.untilMs ?? 0) > nowMs) {
      return null;
    }
    const id = this.newName();
    counted.lease = { id, sinceMs: nowMs, untilMs: nowMs + leaseMs };
    if (counted.epoch?.memory !== this.memory) {
      counted.epoch = this.#newEpoch();
    }
    const { epoch } = counted;
    const waitMs = Math.max(0, epoch.sinceMs + LONGEST_ACCEPTING_MS - nowMs);
    return { id, part, epoch, waitMs };
  }

  isClaimed({ id, part }: Claimed): boolean {
    const { lease } = this.#part(part);
    return lease?.id === id && lease.untilMs > this.#nowMs();
  }

  renew({ part }: Claimed, leaseMs: number): void {
    const { lease } = this.#part(part);
    if (lease) {
      lease.untilMs = this.#nowMs() + leaseMs;
    }
  }

  mailboxes(part: Part): string[] {
    const named = [...this.#data.mailboxes].filter(([, entries]) => entries.size > 0);
    return named.map(([mailbox]) => mailbox).filter((mailbox) => partOf(mailbox) === part);
  }

  entriesSince(mailbox: string, { part }: Claimed): IndexEntry[] {
    return this.#entries(mailbox, this.#part(part).lease?.sinceMs ?? 0);
  }

  mend(mailbox: string, { missing, stale, wrong = [] }: Mending): void {
    for (const object of missing) {
      if (!this.find(mailbox, object.name)) {
        this.add(mailbox, object, this.newName());
      }
    }
    for (const { name, token, sizeOctets, expiresAt } of wrong) {
      const entries = this.#data.mailboxes.get(mailbox);
      const former = entries?.get(name);
      if (former?.token === token) {
        entries?.set(name, { ...former, sizeOctets, expiresAt });
      }
    }
    for (const { name, token } of stale) {
      this.remove(mailbox, name, token);
    }
  }

  complete(
    { part, epoch }: Claimed,
    { intervalMs, completeMs }: Omit<ClaimOptions, 'leaseMs'>,
    totals: HeldTotals,
  ): boolean {
    const counted = this.#part(part);
    counted.lease = null;
    const isWithdrawn = counted.epoch?.id !== epoch.id && this.#rules.completionMindsWithdrawals;
    if (isWithdrawn || epoch.memory !== this.memory) {
      return false;
    }
    const nowMs = this.#nowMs();
    counted.mark = { memory: this.memory, untilMs: nowMs + completeMs };
    counted.countedUntilMs = nowMs + intervalMs;
    counted.totals = totals;
    return true;
  }

  incompleteParts(): number {
    return PARTS.filter((part) => !this.isComplete(part)).length;
  }

  totals(part: Part): HeldTotals | null {
    return this.#part(part).totals;
  }

  #newEpoch(): Epoch {
    return { id: this.newName(), sinceMs: this.#nowMs(), memory: this.memory };
  }

  #entries(mailbox: string, atMs: number): IndexEntry[] {
    return [...(this.#data.mailboxes.get(mailbox)?.values() ?? [])]
      .map((entry) => entryOf(entry, atMs))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #part(part: Part): CountedPart {
    const counted = this.#data.parts.get(part) ?? {
      mark: null,
      epoch: null,
      lease: null,
      countedUntilMs: 0,
      totals: null,
    };
    this.#data.parts.set(part, counted);
    return counted;
  }
}

function entryOf({ addedMs, ...entry }: Remembered, atMs: number): IndexEntry {
  return { ...entry, addedAt: new Date(addedMs), isSettled: atMs - addedMs > LONGEST_PUT_MS };
}
