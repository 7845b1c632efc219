import { type Ailment, type Diagnosis, diagnose } from './diagnosis.ts';

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly subject: string;
  /** What is so, or what is wrong. */
  readonly says: string;
  /** How to mend it; null if nothing is wrong. */
  readonly mend: string | null;
}

export function well(subject: string, says: string): Finding {
  return { subject, says, mend: null };
}

export function ill(subject: string, says: string, mend: string): Finding {
  return { subject, says, mend };
}

/** What is wrong and how to mend it, by what the failure was; `other` for any that is not named. */
export type Advice = Partial<Record<Exclude<Ailment, 'other'>, string>> & {
  readonly other: string;
};

/**
 * Tries something.
 *
 * @param attempt - resolves to what to say if it went well
 */
export async function tried(
  subject: string,
  attempt: () => Promise<string>,
  advice: Advice,
): Promise<Finding> {
  try {
    return well(subject, await attempt());
  } catch (error) {
    const { ailment, detail }: Diagnosis = diagnose(error);
    const says = ailment === 'other' ? detail : `${WORDS[ailment]}: ${detail}`;
    const mend = ailment === 'other' ? advice.other : (advice[ailment] ?? advice.other);
    return ill(subject, says, mend);
  }
}

const WORDS: Readonly<Record<Exclude<Ailment, 'other'>, string>> = {
  denied: 'a permission is missing',
  missing: 'it is not there',
  unauthenticated: 'it does not accept the credentials',
  unreachable: 'it cannot be reached',
  unanswered: 'it does not answer in time',
};
