import { type Ailment, type Diagnosis, diagnose } from './diagnosis.ts';

/** The result of one examination. */
export interface Finding {
  /** What was examined, in a word or two. */
  readonly subject: string;
  /** What is the case, or what is wrong. */
  readonly says: string;
  /** How to fix it; null if nothing is wrong. */
  readonly remedy: string | null;
}

/** A finding that nothing is wrong. */
export function well(subject: string, says: string): Finding {
  return { subject, says, remedy: null };
}

/** A finding that something is wrong. */
export function ill(subject: string, says: string, remedy: string): Finding {
  return { subject, says, remedy };
}

/** What is wrong and how to fix it, by kind of failure; `other` for kinds not listed. */
export type Advice = Partial<Record<Exclude<Ailment, 'other'>, string>> & {
  readonly other: string;
};

/**
 * Tries something, and turns the outcome into a finding.
 *
 * @param attempt - resolves to what to say on success
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
    const remedy = ailment === 'other' ? advice.other : (advice[ailment] ?? advice.other);
    return ill(subject, says, remedy);
  }
}

const WORDS: Readonly<Record<Exclude<Ailment, 'other'>, string>> = {
  denied: 'a permission is missing',
  missing: 'it is not there',
  unauthenticated: 'it does not accept the credentials',
  unreachable: 'it cannot be reached',
  unanswered: 'it does not answer in time',
};
