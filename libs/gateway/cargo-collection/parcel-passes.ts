import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { HeldParcel, Mailbox } from '../mailbox.ts';
import type { CargoItem, CollectionCourier } from './collection-contents.ts';
import { type CollectionProgress, parcelPlace, parcelSegment } from './collection-progress.ts';
import type { CourierReach } from './courier-reach.ts';
import { OVERSIZE, type SizeClass, sizeClassOf } from './size-classes.ts';

export interface ParcelPassesParts {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
}

/** Whose parcels go to which courier, and how far they are. */
export interface PassedMailbox {
  readonly peer: NodeId;
  readonly courier: CollectionCourier;
  readonly progress: CollectionProgress;
  readonly reach: CourierReach;
}

/** Why a parcel stays behind, to be collected over the WebSocket or under another CCA. */
export type LeftBehind = 'too-large' | 'too-slow';

/**
 * Passes over a mailbox, one for each class of size in turn. Each lists the mailbox;
 * the first that lists all of it finds out which classes there are, and no pass is made
 * for the others.
 */
export class ParcelPasses {
  readonly #parts: ParcelPassesParts;
  readonly #mailbox: PassedMailbox;
  readonly #signal: AbortSignal;
  /** Classes of which there was something to collect; null before all of the mailbox was listed. */
  #found: ReadonlySet<SizeClass> | null = null;

  constructor(parts: ParcelPassesParts, mailbox: PassedMailbox, signal: AbortSignal) {
    this.#parts = parts;
    this.#mailbox = mailbox;
    this.#signal = signal;
  }

  /**
   * Yields what there is to collect of a class, in ascending order of key: neither what
   * has expired, nor what is behind, nor what stays behind.
   *
   * @throws {BackingUnavailableError}
   * @throws the signal's reason, if it is aborted
   */
  async *of(sizeClass: SizeClass): AsyncGenerator<CargoItem, void, undefined> {
    const { progress, peer } = this.#mailbox;
    const segment = parcelSegment(sizeClass);
    if (progress.isPast(segment) || this.#found?.has(sizeClass) === false) {
      return;
    }
    const startAfter = progress.behind(segment);
    const options = { signal: this.#signal, ...(startAfter !== undefined && { startAfter }) };
    const found = new Set<SizeClass>();
    const left = new LeftParcels();
    for await (const parcel of this.#parts.mailbox.list(peer, options)) {
      const itsClass = this.#classOf(parcel.sizeOctets);
      if (isExpired(parcel, this.#parts.clock) || left.has(parcel, this.#leaves(parcel))) {
        continue;
      }
      found.add(itsClass);
      if (itsClass === sizeClass && !progress.covers(parcelPlace(sizeClass, parcel.key))) {
        yield this.#item(parcel, sizeClass);
      }
    }
    if (this.#found === null && startAfter === undefined) {
      this.#found = found;
      left.report(this.#parts, peer);
    }
  }

  #leaves({ sizeOctets }: HeldParcel): LeftBehind | null {
    const { courier, reach } = this.#mailbox;
    if (this.#classOf(sizeOctets) === OVERSIZE && !courier.takesOversize) {
      return 'too-large';
    }
    return reach.isBeyond(sizeOctets) ? 'too-slow' : null;
  }

  #item(parcel: HeldParcel, sizeClass: SizeClass): CargoItem {
    const { mailbox, clock } = this.#parts;
    return {
      place: parcelPlace(sizeClass, parcel.key),
      sizeOctets: parcel.sizeOctets,
      read: async () => {
        const stored = await mailbox.fetch(parcel);
        if (!stored || isExpired(stored, clock)) {
          return null;
        }
        // Replaced since it was listed: what is larger has another place.
        const isLarger = this.#classOf(stored.body.length) > sizeClass;
        return isLarger ? null : { octets: stored.body, expiresAt: stored.expiresAt };
      },
    };
  }

  #classOf(octets: number): SizeClass {
    return sizeClassOf(octets, this.#mailbox.courier.fittingOctets);
  }
}

/** Counts what stays behind. */
class LeftParcels {
  readonly #counts = new Map<LeftBehind, { parcels: number; largestOctets: number }>();

  /** @returns whether the parcel stays behind */
  has({ sizeOctets }: HeldParcel, why: LeftBehind | null): boolean {
    if (why) {
      const { parcels, largestOctets } = this.#counts.get(why) ?? { parcels: 0, largestOctets: 0 };
      const largest = Math.max(largestOctets, sizeOctets);
      this.#counts.set(why, { parcels: parcels + 1, largestOctets: largest });
    }
    return why !== null;
  }

  report({ log, metrics }: ParcelPassesParts, peer: NodeId): void {
    for (const [why, { parcels, largestOctets }] of this.#counts) {
      metrics.parcelsLeftByCourier(why, parcels);
      log.warn({ peer, why, parcels, largestOctets }, 'a courier cannot carry all that is held');
    }
  }
}

function isExpired({ expiresAt }: { readonly expiresAt: Date }, clock: Clock): boolean {
  return expiresAt.getTime() <= clock.now().getTime();
}
