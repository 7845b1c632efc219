import { Worker } from 'node:worker_threads';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { CallQueue, octetsOf, type WaitingCall } from './call-queue.ts';
import type { CallOptions, Statement, WriteResult } from './database.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { errorOf } from './failure.ts';
import {
  type AnswerBatch,
  CallEncoder,
  type CloseRequest,
  decodeResult,
  type StartReport,
} from './wire.ts';

interface DatabaseThreadOptions {
  readonly path: string;
  /** The module that the thread runs, with its options. */
  readonly module: URL;
  readonly workerData: object;
  readonly clock: Clock;
  /** Default deadline of a call. A call that fails by it may still take effect. */
  readonly deadlineMs: number;
  /** Octets of unanswered calls; more are refused. */
  readonly maxPendingOctets: number;
}

/** How long a thread may take to finish its work and exit. */
const CLOSING_DEADLINE_MS = 30_000;

/**
 * A thread with a connection of its own, as seen by its user. It runs and answers calls in order.
 */
export class DatabaseThread {
  readonly #options: DatabaseThreadOptions;
  readonly #worker: Worker;
  readonly #encoder = new CallEncoder();
  /** Every unanswered call, whether or not its caller still waits. */
  readonly #waiting = new CallQueue();
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #unsent: WaitingCall[] = [];
  /** When deadlines are checked next. */
  #lookDueMs = Number.POSITIVE_INFINITY;
  #cancelLook = () => {};
  #refusal: string | null = null;

  constructor(options: DatabaseThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.module, { workerData: options.workerData });
    this.#worker.on('message', (message: StartReport | AnswerBatch) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail('its thread failed', error));
    this.#worker.on('exit', () => {
      this.#fail('its thread ended');
      this.#ended.resolve();
    });
  }

  /**
   * Resolves once the database is open.
   *
   * @throws what kept it from opening
   */
  started(): Promise<void> {
    return this.#started.promise;
  }

  call(statements: readonly Statement[], options: CallOptions = {}): Promise<WriteResult> {
    if (this.#refusal !== null) {
      return Promise.reject(new DatabaseUnavailableError(this.#refusal));
    }
    const octets = octetsOf(statements);
    const { maxPendingOctets, clock } = this.#options;
    const { deadlineMs = this.#options.deadlineMs } = options;
    if (this.#waiting.octets + octets > maxPendingOctets) {
      const message = `more than ${maxPendingOctets} octets are waiting to be written or read`;
      return Promise.reject(new DatabaseUnavailableError(message));
    }
    return new Promise((resolve, reject) => {
      const dueMs = clock.elapsedMs() + deadlineMs;
      const call = { statements, octets, dueMs, resolve, reject };
      this.#waiting.push(call);
      this.#unsent.push(call);
      if (this.#unsent.length === 1) {
        // Later calls of this turn of the event loop join this batch.
        setImmediate(() => this.#send());
      }
      this.#lookAt(dueMs);
    });
  }

  /** Answers earlier calls, then ends the thread. */
  async close(): Promise<void> {
    this.#refusal ??= 'the database is closed';
    this.#send();
    this.#worker.postMessage({ type: 'close' } satisfies CloseRequest);
    const { clock } = this.#options;
    await inTime(clock, CLOSING_DEADLINE_MS, this.#ended.promise, () => {
      void this.#worker.terminate();
      this.#ended.resolve();
    });
  }

  #send(): void {
    const calls = this.#unsent;
    if (calls.length === 0) {
      return;
    }
    this.#unsent = [];
    const batch = this.#encoder.encode(calls.map(({ statements }) => statements));
    this.#worker.postMessage(batch, [batch.blobs]);
  }

  #receive(message: StartReport | AnswerBatch): void {
    if (message.type === 'answers') {
      for (const answer of message.answers) {
        const call = this.#waiting.shift();
        if ('failure' in answer) {
          call?.reject(errorOf(answer.failure, this.#options.path));
        } else {
          call?.resolve(decodeResult(answer));
        }
      }
    } else if (message.failure) {
      this.#started.reject(errorOf(message.failure, this.#options.path));
    } else {
      this.#started.resolve();
    }
  }

  /** A single timer, for the earliest deadline. */
  #lookAt(dueMs: number): void {
    if (dueMs >= this.#lookDueMs) {
      return;
    }
    this.#cancelLook();
    this.#lookDueMs = dueMs;
    const { clock } = this.#options;
    this.#cancelLook = clock.schedule(dueMs - clock.elapsedMs(), () => {
      this.#lookDueMs = Number.POSITIVE_INFINITY;
      this.#rejectOverdue();
    });
  }

  #rejectOverdue(): void {
    const nowMs = this.#options.clock.elapsedMs();
    let nextDueMs = Number.POSITIVE_INFINITY;
    for (const call of this.#waiting) {
      if (call.dueMs <= nowMs) {
        call.reject(new DatabaseUnavailableError('no answer in time', { outcomeUnknown: true }));
      } else {
        nextDueMs = Math.min(nextDueMs, call.dueMs);
      }
    }
    if (nextDueMs < Number.POSITIVE_INFINITY) {
      this.#lookAt(nextDueMs);
    }
  }

  #fail(message: string, cause?: unknown): void {
    this.#refusal ??= message;
    const error = new DatabaseUnavailableError(message, { cause, outcomeUnknown: true });
    this.#started.reject(error);
    for (let call = this.#waiting.shift(); call; call = this.#waiting.shift()) {
      call.reject(error);
    }
  }
}
