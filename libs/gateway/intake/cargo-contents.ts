import { setImmediate } from 'node:timers/promises';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { isRefusal, MessageFault } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import { BackingError, ClockInDoubtError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { traceOf } from '#log/trace.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { Mailbox } from '../held/mailbox.ts';
import { noRoomToWithdraw } from '../identity/withdrawals.ts';
import { blockedRefusal } from '../peers/blocked.ts';
import { heedAcknowledgement } from './cargo-acknowledgement.ts';
import { CargoWithdrawals, type CargoWithdrawalsParts } from './cargo-withdrawals.ts';
import { InStep, type StepTask } from './in-step.ts';
import type { ParcelIntake } from './parcel-intake.ts';

/** What {@link CargoContents} needs. */
export interface CargoContentsParts extends Omit<CargoWithdrawalsParts, 'withdrawals'> {
  readonly intake: ParcelIntake;
  readonly mailbox: Mailbox;
  /** Null, as by default, where nothing can be withdrawn. */
  readonly withdrawals?: CargoWithdrawalsParts['withdrawals'] | null;
  readonly metrics: GatewayMetrics;
}

interface CargoOrigin {
  /** The cargo's sender. */
  readonly privateGateway: NodeId;
  /** Whether it has been registered for over a week. */
  readonly isEstablished: boolean;
  /** Where the cargo is stored. */
  readonly cargo: ObjectKey;
  /**
   * Whether the private gateway surely made the cargo's contents. If not, it may have found them
   * and altered them at will, and the faults of an item would reveal what others wrote: they are
   * not told.
   */
  readonly isOwn: boolean;
  /** False while the private gateway is blocked: then all but its acknowledgements is refused. */
  readonly bringsParcels: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Outcome =
  | 'accepted'
  | 'duplicate'
  | 'acknowledged'
  | 'unheld'
  | 'withdrawn'
  | 'refused'
  | 'ignored'
  | 'postponed';

/** After so many items, others get a turn: each may take 0.2 ms of CPU. */
const ITEMS_PER_TURN = 32;
/** Refused items logged per cargo; more are only counted. */
const MAX_LOGGED_REFUSALS = 10;

/**
 * Processes the contents of a cargo: accepts parcels as if their private gateway had sent them
 * itself, heeds acknowledgements, and ignores anything else. A bad item does not affect the others.
 */
export class CargoContents {
  readonly #parts: CargoContentsParts;
  readonly #itemConcurrency: number;

  constructor(parts: CargoContentsParts, limits: { readonly itemConcurrency: number }) {
    this.#parts = parts;
    this.#itemConcurrency = limits.itemConcurrency;
  }

  /**
   * Processes each item, in no promised order. Items processed before are recognised.
   *
   * @throws what `items` throws, once the items before are taken in
   * @throws {BackingError} as soon as there is one
   * @throws {ClockInDoubtError} once all are taken in but those that are refused for dates, if the clock is in doubt
   * @throws {AggregateError} for surprises, once all the other items are taken in
   */
  async take(items: Iterable<Uint8Array>, origin: CargoOrigin): Promise<void> {
    const run = new Run(this.#parts, origin);
    const inStep = new InStep();
    const tasks = Array.from({ length: this.#itemConcurrency }, () => inStep.add());
    // Each hand takes the next item when it is done; if one fails, the iteration ends for all.
    const iterator = Iterator.from(items);
    const results = await Promise.allSettled(tasks.map((task) => run.takeAll(iterator, task)));
    results.push(...(await Promise.allSettled([run.withdraw()])));
    if (!run.isEmpty || results.every(({ status }) => status === 'fulfilled')) {
      run.logTotals();
    }
    for (const result of results) {
      if (result.status === 'rejected') {
        throw result.reason;
      }
    }
    if (run.doubt) {
      throw run.doubt;
    }
    if (run.isEmpty) {
      this.#parts.metrics.emptyCargo();
    }
    if (run.surprises.length > 0) {
      throw new AggregateError(run.surprises, 'some items of a cargo could not be taken in');
    }
  }
}

/** Processes the items of one cargo. */
class Run {
  readonly surprises: unknown[] = [];
  /** Why some items must be judged later, if any. */
  doubt: ClockInDoubtError | null = null;
  readonly #parts: CargoContentsParts;
  readonly #origin: CargoOrigin;
  /** Parcels that are being accepted, by their ids. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #withdrawals: CargoWithdrawals | null;
  readonly #totals: Partial<Record<Outcome, number>> = {};
  #items = 0;
  /** Others run until this resolves. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: CargoContentsParts, origin: CargoOrigin) {
    this.#parts = parts;
    this.#origin = origin;
    const { withdrawals } = parts;
    this.#withdrawals = withdrawals
      ? new CargoWithdrawals({ ...parts, withdrawals }, origin.privateGateway)
      : null;
  }

  /** Whether no item has come so far. */
  get isEmpty(): boolean {
    return this.#items === 0;
  }

  /** @param task - in step with the others while it has parcels to accept */
  async takeAll(items: Iterable<Uint8Array>, task: StepTask): Promise<void> {
    try {
      for (const item of items) {
        this.#origin.signal.throwIfAborted();
        this.#count(await this.#take(item, task));
        if (++this.#items % ITEMS_PER_TURN === 0) {
          this.#turn = setImmediate();
        }
        await this.#turn;
      }
    } finally {
      task.leave();
    }
  }

  /**
   * Withdraws what the items before withdraw, all at once.
   *
   * @throws {BackingUnavailableError}
   */
  async withdraw(): Promise<void> {
    const left = (await this.#withdrawals?.withdraw()) ?? 0;
    for (let count = 0; count < left; count++) {
      this.#count(this.#refuse('over-quota', noRoomToWithdraw()));
      this.#count('withdrawn', -1);
    }
  }

  #count(outcome: Outcome, by = 1): void {
    this.#totals[outcome] = (this.#totals[outcome] ?? 0) + by;
  }

  logTotals(): void {
    const { log, cargo, privateGateway: peer } = this.#origin;
    logStep(log, 'unpacked', cargo, { items: this.#totals, peer });
  }

  async #take(item: Uint8Array, task: StepTask): Promise<Outcome> {
    try {
      switch (typeOfCargoMessage(item)) {
        case 'parcel':
          return this.#origin.bringsParcels
            ? await this.#takeParcel(item, task)
            : this.#refuse('peer-blocked', blockedRefusal());
        case 'pca':
          task.leave();
          return await this.#takeAcknowledgement(item);
        case 'deauthorisation':
          return await this.#takeWithdrawal((all) => all.addDeauthorisation(item));
        case 'certificate-revocation':
          return await this.#takeWithdrawal((all) => all.addRevocation(item));
        default:
          return 'ignored';
      }
    } catch (error) {
      // Without an acknowledgement, the private gateway keeps a parcel over a quota and sends it again.
      if (error instanceof MessageFault || isRefusal(error, 'over-quota', 'over-share')) {
        return this.#refuse(error.code, error);
      }
      if (error instanceof ClockInDoubtError) {
        this.doubt = error;
        return 'postponed';
      }
      if (error instanceof BackingError) {
        throw error;
      }
      this.surprises.push(error);
      return this.#refuse('internal', error);
    }
  }

  /** Those with the same ids one after the other, as each must know whether the last was made later. */
  async #takeParcel(item: Uint8Array, task: StepTask): Promise<Outcome> {
    const parcel = this.#parts.intake.read(item);
    const ids = JSON.stringify([parcel.sender.nodeId, parcel.recipient.id, parcel.id]);
    while (this.#underWay.has(ids)) {
      task.leave();
      await this.#underWay.get(ids);
    }
    task.join();
    const accepting = this.#accept(parcel, task);
    const over = accepting.then(
      () => this.#underWay.delete(ids),
      () => this.#underWay.delete(ids),
    );
    this.#underWay.set(ids, over);
    return accepting;
  }

  async #accept(parcel: RamfMessage, task: StepTask): Promise<Outcome> {
    const { privateGateway, isEstablished, cargo, log } = this.#origin;
    const { key, isDuplicate } = await this.#parts.intake.acceptFromPrivateGateway(parcel, {
      privateGateway,
      isEstablished,
      road: 'cargo',
      beforeRecords: () => task.wait(),
    });
    logStep(log, 'accepted', key, {
      road: 'cargo',
      octets: parcel.octets.byteLength,
      ...(isDuplicate && { duplicate: true }),
      peer: privateGateway,
      cargo,
    });
    return isDuplicate ? 'duplicate' : 'accepted';
  }

  async #takeAcknowledgement(item: Uint8Array): Promise<Outcome> {
    const wasHeld = await heedAcknowledgement(item, this.#origin.privateGateway, this.#parts);
    return wasHeld ? 'acknowledged' : 'unheld';
  }

  async #takeWithdrawal(add: (all: CargoWithdrawals) => Promise<void> | void): Promise<Outcome> {
    if (!this.#withdrawals) {
      return 'ignored';
    }
    if (!this.#origin.bringsParcels) {
      return this.#refuse('peer-blocked', blockedRefusal());
    }
    await add(this.#withdrawals);
    return 'withdrawn';
  }

  #refuse(cause: string, error: unknown): Outcome {
    const { isOwn, log, privateGateway: peer, cargo } = this.#origin;
    const isOurs = cause === 'internal';
    const reason = isOwn || isOurs ? cause : 'untold';
    this.#parts.metrics.parcelRefused('cargo', reason);
    if ((this.#totals.refused ?? 0) < MAX_LOGGED_REFUSALS) {
      const fields = { peer, cargo: traceOf(cargo), reason, ...(reason === cause && { error }) };
      log[isOurs ? 'error' : 'info'](fields, 'Refused an item of a cargo');
    }
    return 'refused';
  }
}
