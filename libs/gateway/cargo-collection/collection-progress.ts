import type { PathForm } from '#awala/x509/certification-path-der.ts';
import { OVERSIZE, type SizeClass } from './size-classes.ts';

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

/** What the places of one pass begin with; lies before all of them. */
type Segment = Place;

/** All parcels that every client takes. */
export const PARCELS: Segment = '2/';
/** The acknowledgements (PCAs), which are collected in ascending order of their places. */
export const ACKNOWLEDGEMENTS: Segment = '3/';
const OVERSIZE_PARCELS: Segment = '4/';

/** The place of the certificate rotation in that form. */
export function rotationPlace(form: PathForm): Place {
  return ROTATION_PLACES[form];
}

/** @param place - among the acknowledgements */
export function acknowledgementPlace(place: string): Place {
  return `${ACKNOWLEDGEMENTS}${place}`;
}

/** The parcels of a class, which are collected in ascending order of key. */
export function parcelSegment(sizeClass: SizeClass): Segment {
  return sizeClass === OVERSIZE ? OVERSIZE_PARCELS : `${PARCELS}${sizeClass}/`;
}

/** @param key - of a parcel */
export function parcelPlace(sizeClass: SizeClass, key: string): Place {
  return `${parcelSegment(sizeClass)}${key}`;
}

/** Whether the place is one in the order of former versions, which knew no classes: keys begin with a letter. */
function isFormer(place: Place): boolean {
  return /^2\/[^0-9]/.test(place);
}

/**
 * What a courier acknowledged, as stretches of the listing: one, unless it
 * acknowledged out of order, or passes were made out of order. There are never more
 * stretches than passes, cargoes that may be unacknowledged at once, and messages that
 * could not be read.
 */
export class CollectionProgress {
  /** In order, apart from each other. */
  #stretches: Stretch[];

  constructor(stretches: readonly Stretch[] = []) {
    this.#stretches = [...stretches];
  }

  /**
   * Of what a version without classes wrote, takes only that the rotation is behind: the
   * parcels are sent once more.
   *
   * @throws {SyntaxError} if it is not what {@link serialise} wrote
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
   * The key, or the place among the acknowledgements, that all of the segment up to and
   * including itself is behind; undefined if there is none.
   */
  behind(segment: Segment): string | undefined {
    const upTo = this.#endFrom(segment);
    return upTo.startsWith(segment) && upTo.length > segment.length
      ? upTo.slice(segment.length)
      : undefined;
  }

  /** Whether all of the segment is behind. */
  isPast(segment: Segment): boolean {
    const upTo = this.#endFrom(segment);
    return upTo > segment && !upTo.startsWith(segment);
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

  /** How far what begins the segment reaches. */
  #endFrom(segment: Segment): Place {
    const reaches = ({ after, upTo }: Stretch) => after <= segment && segment < upTo;
    return this.#stretches.find(reaches)?.upTo ?? START;
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((x) => typeof x === 'string');
}
