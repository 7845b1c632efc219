import { isRefusal, Refusal } from '#awala/errors.ts';
import { ClockInDoubtError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { CargoIntake } from '#gateway/intake/cargo-intake.ts';
import type { CourierCall } from './courier-call.ts';
import type { AdmittedDelivery } from './delivery-admission.ts';
import { type CogrpcLimits, MAX_DELIVERY_ID_LENGTH } from './limits.ts';
import type { CargoDeliveryAck } from './service-definitions.ts';

interface DeliverCargoParts {
  readonly intake: CargoIntake;
  readonly clock: Clock;
  readonly limits: CogrpcLimits;
}

/**
 * `DeliverCargo`: acknowledges each cargo once it is stored durably. Also acknowledges invalid
 * cargo, which the courier must not keep. If a cargo cannot be stored now, the call ends
 * UNAVAILABLE after the others are acknowledged. The same if a cargo would be refused for its dates
 * while our clock is in doubt, or is over its sender's quota, but then later cargo is still accepted: it
 * is of other phones.
 *
 * Ends OK after the courier's half-close, or if the courier hangs up once all is acknowledged, as
 * the deployed JavaScript client does.
 *
 * @see RS-008 "DeliverCargo"
 */
export class CargoDeliveryCall {
  readonly #call: CourierCall<AdmittedDelivery, CargoDeliveryAck>;
  readonly #parts: DeliverCargoParts;
  #underWay = 0;
  #received = 0;
  #acknowledged = 0;
  #isHalfClosed = false;
  #failure: { readonly error: unknown } | null = null;
  /** Why some cargo, and no other, must be kept by the courier. */
  #postponement: Error | null = null;
  #cancelIdle = () => {};

  constructor(call: CourierCall<AdmittedDelivery, CargoDeliveryAck>, parts: DeliverCargoParts) {
    this.#call = call;
    call.describeBy(() => this.#counts);
    this.#parts = parts;
  }

  /** Call it once. */
  start(): void {
    this.#call.receive({
      onMessage: (delivery) => this.#take(delivery),
      onHalfClose: () => {
        this.#isHalfClosed = true;
        this.#proceed();
      },
    });
    this.#call.signal.addEventListener('abort', () => this.#onOver(), { once: true });
    this.#proceed();
  }

  /** Accepts no more cargo; ends once what was accepted is acknowledged. */
  drain(): void {
    this.#failure ??= { error: new Refusal('stopping', 'The server is going away') };
    this.#proceed();
  }

  get #counts() {
    return { received: this.#received, acknowledged: this.#acknowledged };
  }

  #take(delivery: AdmittedDelivery): void {
    const { freeMemory, leaveWindow } = delivery.take();
    this.#cancelIdle();
    this.#underWay += 1;
    this.#received += 1;
    const accepted = this.#accept(delivery).finally(freeMemory);
    void this.#acknowledge(delivery.id, accepted, leaveWindow);
  }

  /** Has no reference to the cargo, as the courier may take its time to read. */
  async #acknowledge(
    id: string,
    accepted: Promise<boolean>,
    leaveWindow: () => void,
  ): Promise<void> {
    try {
      if ((await accepted) && !this.#call.signal.aborted) {
        await this.#call.write({ id });
        this.#acknowledged += 1;
      }
    } catch (error) {
      if (error instanceof ClockInDoubtError || isRefusal(error, 'over-quota', 'over-share')) {
        this.#postponement = error;
      } else {
        this.#failure ??= { error };
      }
    } finally {
      leaveWindow();
      this.#underWay -= 1;
      this.#proceed();
    }
  }

  /** @returns false if no more cargo is accepted */
  async #accept({ id, cargo }: AdmittedDelivery): Promise<boolean> {
    if (this.#failure) {
      return false;
    }
    if (id.length > MAX_DELIVERY_ID_LENGTH) {
      throw new Refusal('delivery-id-too-long', 'The delivery id is too long');
    }
    await this.#parts.intake.accept(cargo, this.#call.log);
    return true;
  }

  #proceed(): void {
    this.#cancelIdle();
    if (this.#underWay > 0 || this.#call.signal.aborted) {
      return;
    }
    if (this.#failure) {
      this.#call.fail(this.#failure.error);
    } else if (this.#isHalfClosed && this.#postponement) {
      this.#call.fail(this.#postponement);
    } else if (this.#isHalfClosed) {
      this.#call.complete();
    } else {
      const { firstCargoMs, deliveryIdleMs } = this.#parts.limits;
      const patienceMs = this.#received === 0 ? firstCargoMs : deliveryIdleMs;
      this.#cancelIdle = this.#parts.clock.schedule(patienceMs, () =>
        this.#call.fail(new Refusal('idle', 'No cargo came for a while')),
      );
    }
  }

  #onOver(): void {
    this.#cancelIdle();
    if (this.#underWay > 0) {
      this.#call.log.info(this.#counts, 'A courier left before acknowledgement');
    } else if (!this.#failure && !this.#postponement) {
      this.#call.log.info(this.#counts, 'A courier delivered its cargo');
    }
  }
}
