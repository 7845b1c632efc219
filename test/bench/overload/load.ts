import { setTimeout as pause } from 'node:timers/promises';
import type { Delivery } from '../deliveries.ts';
import { percentile99 } from '../rows/row.ts';
import { type Answer, ParcelConnection } from './connection.ts';

/** What came of a load. Times are in milliseconds from when a request was meant to be sent. */
export interface Outcome {
  /** A second. */
  readonly offered: number;
  /** Answered 202, a second. */
  readonly accepted: number;
  /** Answered 503 with `Retry-After`, a second. */
  readonly later: number;
  /** Anything else, a second. */
  readonly failed: number;
  /** Of those accepted; 0 if there were none. */
  readonly acceptedP99Ms: number;
  /** Of those told to come later; 0 if there were none. */
  readonly laterP99Ms: number;
  /** How late this process was to send: what it could not know of the server. */
  readonly lateP99Ms: number;
}

/** More than the gateway lets be in flight, so that it is the gateway that says no. */
const CONNECTIONS = 1_500;
/** How often whatever is due is sent. */
const TICK_MS = 1;
/** No client waits longer. */
const LONGEST_ANSWER_MS = 5_000;
/** Of a closed loop that keeps the server busy. */
const BUSY_CONNECTIONS = 32;
/** Opened at once. */
const OPENED_TOGETHER = 100;

interface Sent {
  readonly dueMs: number;
  readonly answeredMs: number;
  readonly answer: Answer;
}

/** Sends parcels to a gateway over many connections; those told to come later are sent again. */
export class Load {
  readonly #connections: ParcelConnection[];
  readonly #deliveries: Delivery[] = [];
  #taken = 0;

  private constructor(connections: ParcelConnection[]) {
    this.#connections = connections;
  }

  static async open(port: number): Promise<Load> {
    const connections: ParcelConnection[] = [];
    while (connections.length < CONNECTIONS) {
      const some = Array.from({ length: OPENED_TOGETHER }, () => new ParcelConnection(port));
      await Promise.all(some.map((connection) => connection.open()));
      connections.push(...some);
    }
    return new Load(connections);
  }

  /** How many parcels there are to send. */
  get left(): number {
    return this.#deliveries.length - this.#taken;
  }

  add(deliveries: readonly Delivery[]): void {
    this.#deliveries.push(...deliveries);
  }

  /** Sends as fast as the server answers. @returns how many it accepts a second */
  async busy(count: number): Promise<number> {
    const startMs = performance.now();
    let left = count;
    const workers = this.#connections.slice(0, BUSY_CONNECTIONS).map(async (connection) => {
      while (left > 0) {
        left -= 1;
        const delivery = this.#take();
        const { status } = await new Promise<Answer>((resolve) =>
          connection.send(delivery, resolve),
        );
        if (status !== 202) {
          throw new Error(`the server answered ${status}`);
        }
      }
    });
    await Promise.all(workers);
    return (count * 1_000) / (performance.now() - startMs);
  }

  /**
   * Sends so many a second, whether or not those before are answered.
   *
   * @param leadMs - at the start, what is not counted
   */
  async atRate(perSecond: number, leadMs: number, countedMs: number): Promise<Outcome> {
    const sent: Sent[] = [];
    const lateMs: number[] = [];
    const waiting: number[] = [];
    let waited = 0;
    const idle = [...this.#connections];
    const startMs = performance.now();
    const send = (dueMs: number, connection: ParcelConnection) => {
      const delivery = this.#take();
      connection.send(delivery, (answer) => {
        sent.push({ dueMs, answeredMs: performance.now(), answer });
        if (answer.status !== 202) {
          this.#deliveries.push(delivery);
        }
        const next = waiting[waited];
        if (next === undefined) {
          idle.push(connection);
        } else {
          waited += 1;
          send(next, connection);
        }
      });
    };
    const total = Math.floor((perSecond * (leadMs + countedMs)) / 1_000);
    for (let count = 0; count < total; await pause(TICK_MS)) {
      const due = Math.min(total, ((performance.now() - startMs) * perSecond) / 1_000);
      for (; count < due; count += 1) {
        const dueMs = startMs + (count * 1_000) / perSecond;
        lateMs.push(performance.now() - dueMs);
        const connection = idle.pop();
        if (connection) {
          send(dueMs, connection);
        } else {
          waiting.push(dueMs);
        }
      }
    }
    const lastMs = performance.now() + LONGEST_ANSWER_MS;
    while (sent.length < total && performance.now() < lastMs) {
      await pause(10);
    }
    const fromMs = startMs + leadMs;
    const outcome = outcomeOf(sent, total - sent.length, { perSecond, fromMs, countedMs });
    return { ...outcome, lateP99Ms: percentile99(lateMs) };
  }

  close(): void {
    for (const connection of this.#connections) {
      connection.close();
    }
  }

  #take(): Delivery {
    const delivery = this.#deliveries[this.#taken];
    this.#taken += 1;
    if (!delivery) {
      throw new Error('there are no parcels left');
    }
    return delivery;
  }
}

function outcomeOf(
  sent: readonly Sent[],
  unanswered: number,
  counted: { readonly perSecond: number; readonly fromMs: number; readonly countedMs: number },
): Omit<Outcome, 'lateP99Ms'> {
  const { perSecond, fromMs, countedMs } = counted;
  const seconds = countedMs / 1_000;
  const endMs = fromMs + countedMs;
  const meant = sent.filter(({ dueMs }) => dueMs >= fromMs);
  const of = (is: (answer: Answer) => boolean) => meant.filter(({ answer }) => is(answer));
  const accepted = of(({ status }) => status === 202);
  const later = of(({ saysWhen }) => saysWhen);
  const p99 = (some: readonly Sent[]) =>
    some.length > 0 ? percentile99(some.map(({ dueMs, answeredMs }) => answeredMs - dueMs)) : 0;
  const inTime = sent.filter(
    ({ answer, answeredMs }) => answer.status === 202 && answeredMs >= fromMs && answeredMs < endMs,
  );
  return {
    offered: perSecond,
    accepted: inTime.length / seconds,
    later: later.length / seconds,
    failed: (meant.length - accepted.length - later.length + unanswered) / seconds,
    acceptedP99Ms: p99(accepted),
    laterP99Ms: p99(later),
  };
}
