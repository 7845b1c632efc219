import type { PathForm } from '#awala/x509/certification-path-der.ts';
import { OVERSIZE, type SizeClass } from './size-classes.ts';

/**
 * A place in what is collected under a CCA. Places compare as strings, in the order of collection.
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
/** In the order of sending. */
const ROTATION_PLACES: Readonly<Record<PathForm, Place>> = {
  'octet-strings': `${ROTATIONS}1`,
  certificates: `${ROTATIONS}2`,
};

/** The prefix of one pass's places; sorts before all of them. */
type Segment = Place;

/** All parcels that every client accepts. */
export const PARCELS: Segment = '2/';
/** The acknowledgements (PCAs), collected in ascending order of place. */
export const ACKNOWLEDGEMENTS: Segment = '3/';
const OVERSIZE_PARCELS: Segment = '4/';

/** The place of the certificate rotation in a form. */
export function rotationPlace(form: PathForm): Place {
  return ROTATION_PLACES[form];
}

/**
 * The place of an acknowledgement in the whole collection.
 *
 * @param place - among the acknowledgements
 */
export function acknowledgementPlace(place: string): Place {
  return `${ACKNOWLEDGEMENTS}${place}`;
}

/** The parcels of a size class, collected in ascending order of key. */
export function parcelSegment(sizeClass: SizeClass): Segment {
  return sizeClass === OVERSIZE ? OVERSIZE_PARCELS : `${PARCELS}${sizeClass}/`;
}

/**
 * The place of a parcel in the whole collection.
 *
 * @param key - of the parcel
 */
export function parcelPlace(sizeClass: SizeClass, key: string): Place {
  return `${parcelSegment(sizeClass)}${key}`;
}

/** Whether an older version, without size classes, wrote the place: keys begin with a letter. */
function isFormer(place: Place): boolean {
  return /^2\/[^0-9]/.test(place);
}

/**
 * What a courier acknowledged, as stretches of the listing: one, unless acknowledgements or passes
 * came out of order. There are at most as many stretches as passes, unacknowledged cargoes and
 * unreadable messages.
 */
export class CollectionProgress {
  /** Sorted and disjoint. */
  #stretches: Stretch[];

  constructor(stretches: readonly Stretch[] = []) {
    this.#stretches = [...stretches];
  }

  /**
   * From an older version without size classes, it takes only the rotation as done: parcels are
   * sent again.
   *
   * @throws {SyntaxError} if {@link serialise} did not write it
   */
  static parse(serialised: string): CollectionProgress {
    const pairs: unknown = JSON.parse(serialised);
    if (!Array.isArray(pairs) || !pairs.every(isPair)) {
      throw new SyntaxError('not a collection’s progress');
    }
    const stretches = pairs.map(([after, upTo]) => ({ after, upTo }));
    if (stretches.some(({ after, upTo }) => isFormer(after) || isFormer(upTo))) {
      const isPastRotation = stretches.some(({ after }) => after === START);
      return new CollectionProgress(isPastRotation ? [{ after: START, upTo: PARCELS }] : []);
    }
    return new CollectionProgress(stretches);
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

  /**
   * The last key, or place among the acknowledgements, up to which the segment is collected;
   * undefined if there is none.
   */
  behind(segment: Segment): string | undefined {
    const upTo = this.#endFrom(segment);
    return upTo.startsWith(segment) && upTo.length > segment.length
      ? upTo.slice(segment.length)
      : undefined;
  }

  /** Whether the whole segment is collected. */
  isPast(segment: Segment): boolean {
    const upTo = this.#endFrom(segment);
    return upTo > segment && !upTo.startsWith(segment);
  }

  /**
   * Adds a stretch, and joins it with those it touches or overlaps: each call starts from the
   * beginning, and skips what is covered.
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

  /** The end of what is covered from the segment's beginning. */
  #endFrom(segment: Segment): Place {
    const reaches = ({ after, upTo }: Stretch) => after <= segment && segment < upTo;
    return this.#stretches.find(reaches)?.upTo ?? START;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((x) => typeof x === 'string');
}
