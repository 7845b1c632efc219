import type { PathForm } from '#awala/x509/certification-path-der.ts';

/**
 * A place in what is collected under a CCA, such that places compare as strings
 * in the order in which things are collected.
 */
export type Place = string;

/** Everything after `after`, up to and including `upTo`. */
export interface Stretch {
  readonly after: Place;
  readonly upTo: Place;
}

/** Before everything. */
export const START: Place = '';

const ROTATIONS = '1/';
/** In the order in which they are sent. */
const ROTATION_PLACES: Readonly<Record<PathForm, Place>> = {
  'octet-strings': `${ROTATIONS}1`,
  certificates: `${ROTATIONS}2`,
};
const PARCELS = '2/';
const ACKNOWLEDGEMENTS = '3/';

/** The place of the certificate rotation in that form. */
export function rotationPlace(form: PathForm): Place {
  return ROTATION_PLACES[form];
}

/** @param place - among the acknowledgements (PCAs), which are collected in ascending order of it */
export function acknowledgementPlace(place: string): Place {
  return `${ACKNOWLEDGEMENTS}${place}`;
}

/** @param key - of the parcel; parcels are collected in ascending order of it */
export function parcelPlace(key: string): Place {
  return `${PARCELS}${key}`;
}

/**
 * What a courier acknowledged, as stretches of the listing: one, unless it
 * acknowledged out of order. There are never more stretches than cargoes that
 * may be unacknowledged at once.
 */
export class CollectionProgress {
  /** In order, apart from each other. */
  #stretches: Stretch[];

  constructor(stretches: readonly Stretch[] = []) {
    this.#stretches = [...stretches];
  }

  /** @throws {SyntaxError} if it is not what {@link serialise} wrote */
  static parse(serialised: string): CollectionProgress {
    const pairs: unknown = JSON.parse(serialised);
    if (!Array.isArray(pairs) || !pairs.every(isPair)) {
      throw new SyntaxError('not a collection’s progress');
    }
    return new CollectionProgress(pairs.map(([after, upTo]) => ({ after, upTo })));
  }

  serialise(): string {
    return JSON.stringify(this.#stretches.map(({ after, upTo }) => [after, upTo]));
  }

  get isEmpty(): boolean {
    return this.#stretches.length === 0;
  }

  covers(place: Place): boolean {
    return this.#stretches.some(({ after, upTo }) => after < place && place <= upTo);
  }

  /** The key that all parcels before it and itself are behind; undefined if there is none. */
  get parcelsBehind(): string | undefined {
    return this.#behindAmong(PARCELS);
  }

  /** Whether all parcels are behind. */
  get isPastParcels(): boolean {
    return this.#firstEnd >= ACKNOWLEDGEMENTS;
  }

  /** The place that all acknowledgements (PCAs) before it and itself are behind; undefined if there is none. */
  get acknowledgementsBehind(): string | undefined {
    return this.#behindAmong(ACKNOWLEDGEMENTS);
  }

  /**
   * Adds a stretch, joining it with all that it touches or overlaps: each call
   * begins at the start, and leaves out what is covered.
   */
  add({ after, upTo }: Stretch): void {
    const isApart = (each: Stretch) => each.upTo < after || upTo < each.after;
    const joined = [{ after, upTo }, ...this.#stretches.filter((each) => !isApart(each))];
    const [least = after] = joined.map((each) => each.after).sort();
    const greatest =
      joined
        .map((each) => each.upTo)
        .sort()
        .at(-1) ?? upTo;
    const others = this.#stretches.filter(isApart);
    this.#stretches = [...others, { after: least, upTo: greatest }].sort((a, b) =>
      a.after < b.after ? -1 : 1,
    );
  }

  #behindAmong(kind: string): string | undefined {
    return this.#firstEnd.startsWith(kind) && this.#firstEnd.length > kind.length
      ? this.#firstEnd.slice(kind.length)
      : undefined;
  }

  get #firstEnd(): Place {
    const [first] = this.#stretches;
    return first?.after === START ? first.upTo : START;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((x) => typeof x === 'string');
}
