import { setTimeout as pause } from 'node:timers/promises';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { ServiceName } from '#test/services/service-process.ts';
import { Answers } from '../answers.ts';
import { FORM } from '../form.ts';
import { Ledger } from '../ledger.ts';
import type { Starvation } from '../starvation.ts';
import { PatientHttp } from './patience.ts';

/** Pause after an attempt that was not served. */
const RETRY_MS = Math.max(100, FORM.pauseMs);

/** State that all clients of a run share. */
export class Load implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly answers: Answers;
  readonly http = new PatientHttp();
  /** The port of each service. */
  readonly port: (name: ServiceName) => number;
  readonly #verifier = new MessageVerifier();
  readonly #ended = new AbortController();
  readonly #running: Promise<void>[] = [];
  #isSending = false;
  #underWay = 0;

  constructor(port: (name: ServiceName) => number, starvation: Starvation) {
    this.port = port;
    this.answers = new Answers(starvation);
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Aborted when the clients must end. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether nothing is being sent at present. */
  get isQuiet(): boolean {
    return !this.#isSending && this.#underWay === 0;
  }

  startSending(): void {
    this.#isSending = true;
  }

  /** Lets clients finish what they began, but begin nothing new. */
  stopSending(): void {
    this.#isSending = false;
  }

  /**
   * Repeats `attempt` while the load is on, until the end of the run.
   *
   * @param attempt - resolves with whether it was served
   */
  repeatSending(attempt: () => Promise<boolean>): void {
    this.repeat(async () => {
      if (!this.#isSending) {
        return false;
      }
      this.#underWay += 1;
      try {
        return await attempt();
      } finally {
        this.#underWay -= 1;
      }
    });
  }

  /** The same, whether the load is on or not. */
  repeat(attempt: () => Promise<boolean>): void {
    const run = async () => {
      while (!this.hasEnded) {
        const pauseMs = (await attempt()) ? FORM.pauseMs : RETRY_MS;
        await this.#pause(pauseMs);
      }
    };
    this.#running.push(run());
  }

  /** Repeats an attempt until it is served or the load is off. @returns whether it was served */
  async untilServed(attempt: () => Promise<boolean>): Promise<boolean> {
    for (;;) {
      if (await attempt()) {
        return true;
      }
      await this.#pause(RETRY_MS);
      if (!this.#isSending || this.hasEnded) {
        return false;
      }
    }
  }

  /** The id of a parcel that was handed over. */
  idOf(parcel: Uint8Array): string {
    return this.#verifier.read(parcel, 'parcel').id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the run is over'));
    await Promise.all(this.#running);
    this.http[Symbol.dispose]();
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.signal }).catch(() => {});
  }
}
