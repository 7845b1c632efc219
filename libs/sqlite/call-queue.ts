import type { Statement, WriteResult } from './database.ts';

/** A call that awaits its answer. */
export interface WaitingCall {
  readonly statements: readonly Statement[];
  readonly octets: number;
  readonly dueMs: number;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: Error) => void;
}

/** Counted per call besides its parameters. */
const OCTETS_PER_CALL = 256;

/** Memory that a waiting call takes, in octets. */
export function octetsOf(statements: readonly Statement[]): number {
  let octets = OCTETS_PER_CALL;
  for (const { parameters = [] } of statements) {
    for (const value of parameters) {
      if (typeof value === 'string' || value instanceof Uint8Array) {
        octets += value.length;
      }
    }
  }
  return octets;
}

/** A first-in, first-out queue that counts the octets waiting in it. */
export class CallQueue {
  #calls: WaitingCall[] = [];
  #first = 0;
  #octets = 0;

  get octets(): number {
    return this.#octets;
  }

  push(call: WaitingCall): void {
    this.#calls.push(call);
    this.#octets += call.octets;
  }

  shift(): WaitingCall | undefined {
    const call = this.#calls[this.#first];
    if (!call) {
      return undefined;
    }
    this.#first += 1;
    this.#octets -= call.octets;
    // Dropping the answered part now and then keeps this cheap at any length.
    if (this.#first * 2 > this.#calls.length) {
      this.#calls = this.#calls.slice(this.#first);
      this.#first = 0;
    }
    return call;
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<WaitingCall, void, undefined> {
    for (let index = this.#first; index < this.#calls.length; index++) {
      const call = this.#calls[index];
      if (call) {
        yield call;
      }
    }
  }
}
