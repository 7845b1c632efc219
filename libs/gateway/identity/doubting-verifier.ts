import { type FaultCode, InvalidMessageError } from '#awala/errors.ts';
import { MessageVerifier, type ParcelPath, type Trust } from '#awala/message-verifier.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import { ClockInDoubtError } from '#backing/errors.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { GatewayMetrics } from '#metrics/port.ts';

/** What dates may be behind: a path can also be missing because a certificate of our own passes for expired. */
const FAULTS_OF_DATES: ReadonlySet<FaultCode> = new Set([
  'expired',
  'not-yet-valid',
  'untrusted-path',
]);

/** Whether the clock may be right, for {@link withoutDatesInDoubt}. */
export interface DoubtParts {
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
  readonly metrics: Pick<GatewayMetrics, 'postponedForClock'>;
}

/**
 * A verifier that refuses nothing for its dates while this machine's clock is in doubt: deployed
 * phones delete what is refused, and couriers drop it.
 *
 * Instead of `InvalidMessageError`, every method then throws {@link ClockInDoubtError}.
 */
export class DoubtingVerifier extends MessageVerifier {
  readonly #parts: DoubtParts;

  constructor(parts: DoubtParts) {
    super();
    this.#parts = parts;
  }

  override verify(message: RamfMessage, trust: { readonly at: Date }): void {
    withoutDatesInDoubt(this.#parts, () => super.verify(message, trust));
  }

  override verifyParcel(parcel: RamfMessage, trust: Trust): ParcelPath {
    return withoutDatesInDoubt(this.#parts, () => super.verifyParcel(parcel, trust));
  }

  override verifyFromPrivateGateway(message: RamfMessage, trust: Trust): void {
    const verify = () => super.verifyFromPrivateGateway(message, trust);
    // Whatever the time, a self-issued certificate is refused.
    message.sender.isSelfIssued ? verify() : withoutDatesInDoubt(this.#parts, verify);
  }

  override verifyDetached(
    ...given: Parameters<MessageVerifier['verifyDetached']>
  ): ReturnType<MessageVerifier['verifyDetached']> {
    return withoutDatesInDoubt(this.#parts, () => super.verifyDetached(...given));
  }
}

/**
 * Runs a verification that also checks dates.
 *
 * @throws {ClockInDoubtError} instead of a refusal for dates, while the clock is in doubt
 */
export function withoutDatesInDoubt<Result>(
  { plausibility, metrics }: DoubtParts,
  verify: () => Result,
): Result {
  try {
    return verify();
  } catch (error) {
    const doubt = plausibility?.doubt ?? null;
    if (
      doubt === null ||
      !(error instanceof InvalidMessageError) ||
      !FAULTS_OF_DATES.has(error.code)
    ) {
      throw error;
    }
    metrics.postponedForClock();
    throw new ClockInDoubtError(doubt, { cause: error });
  }
}
