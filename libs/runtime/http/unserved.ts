import type { FaultCode, RefusalCode } from '#awala/errors.ts';

/**
 * Why a request got a 5xx: there was no room, for anybody or for one who holds most of it; a quota of
 * its sender, or of whom it is for; an operator; a stop of the process; or a fault of ours or of a
 * backing service.
 */
export type Unserved = 'overload' | 'quota' | 'blocked' | 'stopping' | 'fault';

/** All else is a fault, an answer that took too long too: those that wait for room do so before. */
const BY_REASON: Readonly<Partial<Record<string, Unserved>>> = {
  'requests-full': 'overload',
  'bodies-full': 'overload',
  'registrations-full': 'overload',
  'collectors-full': 'overload',
  'over-quota': 'quota',
  'over-share': 'quota',
  'rate-limit': 'quota',
  'peer-blocked': 'blocked',
  stopping: 'stopping',
} satisfies Partial<Record<FaultCode | RefusalCode, Unserved>>;

/** @param reason - of an answer with a status of 500 or more */
export function whyUnserved(reason: string): Unserved {
  return BY_REASON[reason] ?? 'fault';
}
