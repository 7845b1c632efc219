import type { Clock } from '#clock/clock.ts';
import type { HeldAmount } from '#held-index/port.ts';

/**
 * How much is held at most: what is stored by this process is added, but what is deleted is not
 * subtracted until it is read again.
 */
export class HeldAccount {
  #amount = { objects: 0, octets: 0 };
  /** What is being stored: a read may miss it. */
  readonly #underWay = { objects: 0, octets: 0 };
  /** What was, or began to be, since a read began. */
  #sinceRead = { objects: 0, octets: 0 };
  #isKnown = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  /** @param amount - if it is known */
  constructor(amount: HeldAmount | null = null) {
    if (amount) {
      this.set(amount);
    }
  }

  /** Whether it was ever read or set. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  get objects(): number {
    return this.#amount.objects;
  }

  get octets(): number {
    return this.#amount.octets;
  }

  /** Sets what is held apart from what is being stored. */
  set(amount: HeldAmount): void {
    this.#amount = sumOf(amount, this.#underWay);
    this.#isKnown = true;
  }

  /** Counts an object that is about to be stored. */
  add(octets: number): void {
    for (const each of [this.#amount, this.#underWay, this.#sinceRead]) {
      each.objects += 1;
      each.octets += octets;
    }
  }

  /** An object that was counted is stored now, or will not be. */
  end(octets: number, isStored: boolean): void {
    const counts = isStored ? [this.#underWay] : [this.#amount, this.#underWay, this.#sinceRead];
    for (const each of counts) {
      each.objects -= 1;
      each.octets -= octets;
    }
  }

  /**
   * Reads it anew, unless that was done a moment ago; those who ask at one time share a read.
   *
   * @param atMostMs - how long ago
   * @throws what `read` throws
   */
  refresh(clock: Clock, atMostMs: number, read: () => Promise<HeldAmount>): Promise<void> {
    if (!this.#reading && clock.elapsedMs() - this.#readAtMs >= atMostMs) {
      this.#readAtMs = clock.elapsedMs();
      this.#reading = this.#read(read).finally(() => {
        this.#reading = null;
      });
    }
    return this.#reading ?? Promise.resolve();
  }

  async #read(read: () => Promise<HeldAmount>): Promise<void> {
    this.#sinceRead = { ...this.#underWay };
    let amount: HeldAmount;
    try {
      amount = await read();
    } catch (error) {
      // The next who asks shall not pass unread.
      this.#readAtMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
    this.#amount = sumOf(amount, this.#sinceRead);
    this.#isKnown = true;
  }
}

function sumOf(one: HeldAmount, other: HeldAmount): { objects: number; octets: number } {
  return { objects: one.objects + other.objects, octets: one.octets + other.octets };
}
