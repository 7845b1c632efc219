import { type Ailment, type Diagnosis, diagnose } from './diagnosis.ts';

/** The result of one examination. */
export interface Finding {
  /** What was examined, in a word or two. */
  readonly subject: string;
  /** `note`: nothing is wrong now, but the operator should know; `ill`: something is to be fixed. */
  readonly level: 'well' | 'note' | 'ill';
  /** What is the case, or what is wrong. */
  readonly says: string;
  /** What becomes of it if it stays so; null unless something is wrong. */
  readonly why: string | null;
  /** What to do; null if there is nothing to do. */
  readonly remedy: string | null;
}

/** Why something that is wrong matters, and how to fix it. */
interface Cure {
  readonly why: string;
  readonly remedy: string;
}

/** A finding that nothing is wrong. */
export function well(subject: string, says: string): Finding {
  return { subject, level: 'well', says, why: null, remedy: null };
}

/** A finding that nothing is wrong yet. */
export function note(subject: string, says: string, remedy: string): Finding {
  return { subject, level: 'note', says, why: null, remedy };
}

/** A finding that something is wrong. */
export function ill(subject: string, says: string, { why, remedy }: Cure): Finding {
  return { subject, level: 'ill', says, why, remedy };
}

/** How to fix it, by kind of failure; `other` for kinds not listed. */
export type Advice = Partial<Record<Exclude<Ailment, 'other'>, string>> & {
  readonly other: string;
  /** What becomes of it, whatever the failure. */
  readonly why: string;
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
    return ill(subject, says, { why: advice.why, remedy });
  }
}

const WORDS: Readonly<Record<Exclude<Ailment, 'other'>, string>> = {
  denied: 'a permission is missing',
  missing: 'it is not there',
  unauthenticated: 'it does not accept the credentials',
  unreachable: 'it cannot be reached',
  unanswered: 'it does not answer in time',
};
