import type { NodeId } from '#awala/node-id.ts';
import type { Log } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import { type ExpiryParts, hasSurelyExpired, isExpired } from '../held/expiry.ts';
import type { HeldParcel, Mailbox } from '../held/mailbox.ts';
import type { CargoItem, CollectionCourier } from './collection-contents.ts';
import {
  type CollectionProgress,
  type Place,
  parcelPlace,
  parcelSegment,
} from './collection-progress.ts';
import type { CourierReach } from './courier-reach.ts';
import type { FoundClasses } from './size-classes.ts';
import { FITTING_CLASSES, OVERSIZE, type SizeClass, sizeClassOf } from './size-classes.ts';

/** What {@link ParcelPasses} needs. */
export interface ParcelPassesParts extends ExpiryParts {
  readonly mailbox: Mailbox;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
}

/** Whose parcels go to which courier, and the progress. */
interface PassedMailbox {
  readonly peer: NodeId;
  readonly courier: CollectionCourier;
  readonly progress: CollectionProgress;
  readonly reach: CourierReach;
  readonly found: FoundClasses;
}

/** After so many parcels of other classes in a row, a pass records its progress. */
const RECORD_EVERY = 250;
const [FIRST_CLASS] = FITTING_CLASSES;

/** Why a parcel is left for the WebSocket or another CCA. */
type LeftBehind = 'too-large' | 'too-slow';

/**
 * Passes over a mailbox, one per size class in turn. Each lists the mailbox; the first finds which
 * classes exist, and the others get no pass.
 *
 * A pass records its progress even where it finds nothing, so that a listing longer than a call
 * continues in the next.
 */
export class ParcelPasses {
  readonly #parts: ParcelPassesParts;
  readonly #mailbox: PassedMailbox;
  readonly #signal: AbortSignal;

  constructor(parts: ParcelPassesParts, mailbox: PassedMailbox, signal: AbortSignal) {
    this.#parts = parts;
    this.#mailbox = mailbox;
    this.#signal = signal;
  }

  /**
   * Yields the parcels of a class to collect, in ascending order of key, without those expired,
   * already collected or left behind.
   *
   * @throws {BackingUnavailableError}
   * @throws the signal's reason, if it is aborted
   */
  async *of(sizeClass: SizeClass): AsyncGenerator<CargoItem, void, undefined> {
    const { progress, peer } = this.#mailbox;
    const segment = parcelSegment(sizeClass);
    if (progress.isPast(segment) || this.#hasNothing(sizeClass)) {
      return;
    }
    const startAfter = progress.behind(segment);
    const options = { signal: this.#signal, ...(startAfter !== undefined && { startAfter }) };
    const left = new LeftParcels();
    const passed = new PassedParcels(progress, parcelPlace(sizeClass, startAfter ?? ''));
    try {
      for await (const parcel of this.#parts.mailbox.list(peer, options)) {
        const place = parcelPlace(sizeClass, parcel.key);
        if (this.#isToGo(parcel, sizeClass, left) && !progress.covers(place)) {
          passed.beginAfter(place);
          yield this.#item(parcel, sizeClass);
        } else {
          passed.pass(place);
        }
      }
    } finally {
      passed.record();
      left.report(this.#parts, peer);
    }
    if (sizeClass === FIRST_CLASS) {
      this.#mailbox.found.complete();
    }
  }

  /** The first pass is always made: it is cheap if made before, and finds new parcels. */
  #hasNothing(sizeClass: SizeClass): boolean {
    const { found, courier } = this.#mailbox;
    const isTaken = sizeClass !== OVERSIZE || courier.takesOversize;
    return !isTaken || (sizeClass !== FIRST_CLASS && found.lacks(sizeClass));
  }

  /**
   * Also notes the classes that the first pass finds, and counts what is left behind, once each.
   */
  #isToGo(parcel: HeldParcel, sizeClass: SizeClass, left: LeftParcels): boolean {
    if (hasSurelyExpired(parcel, this.#parts)) {
      if (sizeClass === FIRST_CLASS) {
        logStep(this.#parts.log, 'skipped', parcel.key);
      }
      return false;
    }
    const itsClass = this.#classOf(parcel.sizeOctets);
    const isFirst = sizeClass === FIRST_CLASS;
    if (isFirst) {
      this.#mailbox.found.add(itsClass);
    }
    const why = this.#leaves(parcel);
    if (why && (why === 'too-large' ? isFirst : itsClass === sizeClass)) {
      left.add(parcel, why);
    }
    return why === null && itsClass === sizeClass;
  }

  #leaves({ sizeOctets }: HeldParcel): LeftBehind | null {
    const { courier, reach } = this.#mailbox;
    if (this.#classOf(sizeOctets) === OVERSIZE && !courier.takesOversize) {
      return 'too-large';
    }
    return reach.isBeyond(sizeOctets) ? 'too-slow' : null;
  }

  #item(parcel: HeldParcel, sizeClass: SizeClass): CargoItem {
    return {
      place: parcelPlace(sizeClass, parcel.key),
      key: parcel.key,
      sizeOctets: parcel.sizeOctets,
      read: async () => {
        const stored = await this.#parts.mailbox.fetch(parcel);
        if (!stored || isExpired(stored, this.#parts)) {
          return null;
        }
        // Replaced since it was listed; a larger parcel has another place.
        const isLarger = this.#classOf(stored.body.length) > sizeClass;
        return isLarger ? null : { octets: stored.body, expiresAt: stored.expiresAt };
      },
    };
  }

  #classOf(octets: number): SizeClass {
    return sizeClassOf(octets, this.#mailbox.courier.fittingOctets);
  }
}

/** Records that places with nothing to collect are behind. */
class PassedParcels {
  readonly #progress: CollectionProgress;
  #after: Place;
  #upTo: Place | null = null;
  #count = 0;

  constructor(progress: CollectionProgress, after: Place) {
    this.#progress = progress;
    this.#after = after;
  }

  pass(place: Place): void {
    this.#upTo = place;
    this.#count += 1;
    if (this.#count >= RECORD_EVERY) {
      this.record();
    }
  }

  /** There is something to collect at the place. */
  beginAfter(place: Place): void {
    this.record();
    this.#after = place;
  }

  record(): void {
    if (this.#upTo !== null) {
      this.#progress.add({ after: this.#after, upTo: this.#upTo });
      this.#after = this.#upTo;
    }
    this.#upTo = null;
    this.#count = 0;
  }
}

/** Counts parcels left behind. */
class LeftParcels {
  readonly #counts = new Map<LeftBehind, { parcels: number; largestOctets: number }>();

  add({ sizeOctets }: HeldParcel, why: LeftBehind): void {
    const { parcels, largestOctets } = this.#counts.get(why) ?? { parcels: 0, largestOctets: 0 };
    const largest = Math.max(largestOctets, sizeOctets);
    this.#counts.set(why, { parcels: parcels + 1, largestOctets: largest });
  }

  report({ log, metrics }: ParcelPassesParts, peer: NodeId): void {
    for (const [why, { parcels, largestOctets }] of this.#counts) {
      metrics.parcelsLeftByCourier(why, parcels);
      log.warn(
        { peer, reason: why, parcels, largestOctets },
        'a courier cannot carry all that is held',
      );
    }
  }
}
