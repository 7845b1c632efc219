import { MESSAGE_IN_BATCH_OVERHEAD_OCTETS } from '#awala/cargo/message-set.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { Reserving } from '#bounds/budget.ts';
import type { ObjectKey } from '#object-store/port.ts';
import { CargoBatches } from './cargo-batches.ts';
import type { CargoCollectionLimits } from './cargo-collection-limits.ts';
import { CargoPacking, type CargoPackingParts } from './cargo-packing.ts';
import {
  type CollectionContentsParts,
  type ContentsRequest,
  collectionContents,
} from './collection-contents.ts';
import type { Stretch } from './collection-progress.ts';
import type { Fulfilment } from './fulfilment.ts';

/** What {@link PackedCargoes} needs. */
export interface PackedCargoesParts extends CollectionContentsParts, CargoPackingParts {
  /** Shared by all collections of the process. */
  readonly budget: Reserving;
}

/** What to pack for a courier's call. */
export interface PackedCargoesRequest extends Pick<ContentsRequest, 'authorization'> {
  readonly fulfilment: Fulfilment;
  readonly limits: CargoCollectionLimits;
  /** Whether the courier's client accepts a cargo over `maxSerialisedOctets`. */
  readonly takesOversize: boolean;
}

/** A cargo to send, without the messages it was packed from. */
export interface PackedCargo {
  readonly serialised: Uint8Array;
  readonly stretches: readonly Stretch[];
  /** Of the parcels in it; empty unless the log wants them. */
  readonly keys: readonly ObjectKey[];
  /** Of plaintext. */
  readonly octets: number;
  /** Size of its message, if there is just one. */
  readonly onlyMessageOctets: number | null;
  /** Frees the memory reserved for it. Call it once the cargo was sent, or will not be. */
  readonly release: () => void;
}

/** Packs everything for one courier's collection, cargo by cargo. */
export class PackedCargoes {
  /** Of plaintext; a single larger message makes a larger cargo. */
  readonly maxOctets: number;
  readonly #batches: CargoBatches;
  readonly #packing: CargoPacking;

  /** @param signal - ends the reading ahead, and frees what was read */
  constructor(parts: PackedCargoesParts, request: PackedCargoesRequest, signal: AbortSignal) {
    const { authorization, fulfilment, limits, takesOversize } = request;
    const { progress, reach, found } = fulfilment;
    this.#packing = new CargoPacking(parts, authorization, fulfilment);
    const fitting = this.#packing.maxPlaintextOctets(limits.maxSerialisedOctets);
    this.maxOctets = Math.min(limits.maxCargoOctets, fitting);
    const courier = { fittingOctets: fitting - MESSAGE_IN_BATCH_OVERHEAD_OCTETS, takesOversize };
    const whose = { authorization, courier, progress, reach, found };
    const contents = collectionContents(parts, whose, signal);
    this.#batches = new CargoBatches(parts, contents, limits, signal);
  }

  /**
   * Packs the next cargo; one call at a time.
   *
   * @param maxOctets - of plaintext; a larger message gets a cargo of its own
   * @returns null if nothing is left
   * @throws {BackingUnavailableError}
   * @throws the signal's reason
   */
  async next(maxOctets: number): Promise<PackedCargo | null> {
    const gathered = await this.#batches.next(maxOctets);
    if (!gathered) {
      return null;
    }
    const { stretches, keys, octets, release, messages } = gathered;
    const onlyMessageOctets = messages.length === 1 ? (messages[0]?.length ?? null) : null;
    try {
      const serialised = await this.#packing.pack(gathered);
      messages.forEach(freeOctets);
      return { serialised, stretches, keys, octets, onlyMessageOctets, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
