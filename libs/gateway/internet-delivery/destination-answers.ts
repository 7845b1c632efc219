import type { Generation, ObjectKey } from '#object-store/port.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';

interface Given {
  readonly generation: Generation;
  /** What the destination says, or will. */
  readonly answer: Promise<DeliveryAnswer>;
}

/**
 * What destinations answered lately, so that a parcel whose deletion failed, or whose job was given
 * out twice, is not posted again by this process. It knows for sure only while it lives, and only
 * the latest: the object that is deleted remains the truth.
 */
export class DestinationAnswers {
  readonly #maxAnswers: number;
  /** In the order in which they were posted. */
  readonly #given = new Map<ObjectKey, Given>();

  /** @param maxAnswers - past this the oldest is forgotten */
  constructor(maxAnswers: number) {
    this.#maxAnswers = maxAnswers;
  }

  /**
   * Posts a parcel unless it was, or is being, posted: then the answer is the same. A parcel that the
   * destination did not take may be posted again.
   *
   * @param parcel - replaced, it has another generation
   * @param post - must end by itself
   */
  answer(
    { key, generation }: { readonly key: ObjectKey; readonly generation: Generation },
    post: () => Promise<DeliveryAnswer>,
  ): Promise<DeliveryAnswer> {
    const known = this.#given.get(key);
    if (known?.generation === generation) {
      return known.answer;
    }
    const given = { generation, answer: post() };
    this.#given.delete(key);
    this.#given.set(key, given);
    const forget = () => {
      if (this.#given.get(key) === given) {
        this.#given.delete(key);
      }
    };
    given.answer.then(({ outcome }) => outcome === 'failed' && forget(), forget);
    const [oldest] = this.#given.keys();
    if (this.#given.size > this.#maxAnswers && oldest !== undefined) {
      this.#given.delete(oldest);
    }
    return given.answer;
  }
}
