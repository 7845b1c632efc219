import type { FaultCode } from '#awala/errors.ts';

/** A message that must be refused, and why. */
export interface RefusedMessage {
  readonly octets: Uint8Array;
  readonly reason: FaultCode;
}

export function refused(octets: Uint8Array, reason: RefusedMessage['reason']): RefusedMessage {
  return { octets, reason };
}

/** @returns only the octets, for tests where all get the same answer */
export function octetsOf(messages: Record<string, RefusedMessage>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(messages).map(([what, { octets }]) => [what, octets]));
}
