import { RetryLaterError } from '#work-queue/port.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import type { Admission, Destinations } from './destinations.ts';

/** Whom jobs wait for that may come now, and how many of them. */
interface Room {
  /** As in {@link RetryLaterError.waitsFor}. */
  readonly waitsFor: string;
  readonly count: number;
  /** Call it if as many came, or if their number is unknown. */
  readonly moreMayWait: () => void;
}

/** When a parcel may come again, and what it waits for until then. */
interface Turn {
  readonly notBefore: Date;
  readonly waitsFor: string;
}

interface AdmissionsParts {
  readonly destinations: Destinations;
  /**
   * The same for each sender at a destination, so that one whom it asks to slow down holds up
   * nobody else's parcels.
   */
  readonly senders: Destinations;
}

/** Admits parcels by destination, and by sender at a destination. */
export class Admissions {
  readonly #parts: AdmissionsParts;

  constructor(parts: AdmissionsParts) {
    this.#parts = parts;
  }

  /** The longest that any parcel waits for its next attempt. */
  get longestPauseMs(): number {
    return this.#parts.destinations.longestPauseMs;
  }

  /** @throws {RetryLaterError} if a parcel may not go now */
  admit(address: string, sender: string): DeliveryAdmission {
    const { destinations, senders } = this.#parts;
    const name = nameAt(address, sender);
    const ofSender = admitted(senders, name);
    try {
      const ofDestination = admitted(destinations, address);
      return new DeliveryAdmission([
        { destinations: senders, name, admission: ofSender, verdictOf: verdictOnSender },
        { destinations, name: address, admission: ofDestination, verdictOf: verdictOnDestination },
      ]);
    } catch (error) {
      ofSender.end('unknown');
      throw error;
    }
  }

  /** Another process found that what jobs wait for has answered. */
  heardToAnswer(waitsFor: string): void {
    this.#parts.destinations.heardToAnswer(waitsFor);
    this.#parts.senders.heardToAnswer(waitsFor);
  }

  /** @returns null if neither the destination nor the sender there is paused */
  turnAt(address: string, sender: string): Turn | null {
    const { destinations, senders } = this.#parts;
    return turnAt(senders, nameAt(address, sender)) ?? turnAt(destinations, address);
  }
}

interface Gate {
  readonly destinations: Destinations;
  readonly name: string;
  readonly admission: Admission;
  readonly verdictOf: (answer: DeliveryAnswer) => Verdict;
}

type Verdict = Parameters<Admission['end']>;

/** Permission for one delivery. */
export class DeliveryAdmission {
  readonly #gates: readonly Gate[];

  constructor(gates: readonly Gate[]) {
    this.#gates = gates;
  }

  /**
   * Call it once, when the delivery is over.
   *
   * @param answer - null if the destination was not asked
   */
  end(answer: DeliveryAnswer | null): readonly Room[] {
    return this.#gates
      .map(({ destinations, name, admission, verdictOf }) => ({
        waitsFor: name,
        count: admission.end(...(answer ? verdictOf(answer) : UNKNOWN)),
        moreMayWait: () => destinations.moreMayWait(name),
      }))
      .filter(({ count }) => count > 0);
  }
}

const UNKNOWN: Verdict = ['unknown'];

function verdictOnDestination(answer: DeliveryAnswer): Verdict {
  if (answer.outcome !== 'failed') {
    return ['up'];
  }
  const { destination, retryAfterMs } = answer;
  if (destination === 'down') {
    return ['down', retryAfterMs];
  }
  return [destination === 'unknown' ? 'unknown' : 'up'];
}

function verdictOnSender(answer: DeliveryAnswer): Verdict {
  if (answer.outcome !== 'failed') {
    return ['up'];
  }
  const { destination, retryAfterMs } = answer;
  return destination === 'up-for-others' ? ['down', retryAfterMs] : UNKNOWN;
}

function admitted(destinations: Destinations, name: string): Admission {
  const admission = destinations.admit(name);
  if (admission instanceof Date) {
    throw new RetryLaterError('the destination is busy, or left alone for a while', {
      notBefore: admission,
      waitsFor: name,
      isAttempt: false,
    });
  }
  return admission;
}

function turnAt(destinations: Destinations, name: string): Turn | null {
  const notBefore = destinations.turnAt(name);
  return notBefore && { notBefore, waitsFor: name };
}

/** No address has a space in it. */
function nameAt(address: string, sender: string): string {
  return `${address} ${sender}`;
}
