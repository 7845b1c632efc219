import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { StoreRoom } from '#object-store/port.ts';

/** How much may be held for or of one private gateway, and in all. */
export interface HeldSettings {
  /** 0 for any number. */
  readonly parcels: number;
  /** 0 for as much as there is room for. */
  readonly octets: number;
  /** Of the room that is left, at most this much in percent; 0 for all of it. */
  readonly percentOfRoom: number;
  /** Octets that the store may be given in all; 0 where only its disk bounds it. */
  readonly storeOctets: number;
}

/** Of the room that is left and used together, the part that only established private gateways may use. */
const KEPT_FOR_ESTABLISHED = 1 / 4;

/** The part of {@link HeldSettings.storeOctets} that is kept for deleting, and for moves. */
const RESERVE = 1 / 16;

/**
 * The room of a store that may be given so much, with a reserve.
 *
 * @param storedOctets - as far as is known
 */
export function roomWithin(storeOctets: number, storedOctets: number): StoreRoom {
  const reserveOctets = storeOctets * RESERVE;
  return {
    storedOctets,
    leftOctets: Math.max(0, storeOctets - reserveOctets - storedOctets),
  };
}

/**
 * The octets that may be held for one private gateway, as the store is now: a part of what is left,
 * so that the fuller the store is, the less anybody may hold, and nobody can fill it alone.
 *
 * For those not established, the store ends a quarter before its end. For moves it has no end but its
 * own, as they make room.
 *
 * @param room - null where it is not known
 * @param isMove - whether what is to be held was held before, in cargo that is deleted next
 */
export function mostHeldOctets(
  room: StoreRoom | null,
  settings: HeldSettings,
  { isEstablished, isMove }: { readonly isEstablished: boolean; readonly isMove: boolean },
): number {
  const fixed = fixedOctets(settings);
  if (!room || settings.percentOfRoom === 0 || isMove) {
    return fixed;
  }
  const { leftOctets, storedOctets } = room;
  const keptOctets = isEstablished ? 0 : (leftOctets + storedOctets) * KEPT_FOR_ESTABLISHED;
  const openOctets = Math.max(0, leftOctets - keptOctets);
  return Math.min(fixed, (openOctets * settings.percentOfRoom) / 100);
}

/** Whether the room that is left lets some hold less than their quota. */
export function isShort(room: StoreRoom | null, settings: HeldSettings): boolean {
  const newcomer = { isEstablished: false, isMove: false };
  return mostHeldOctets(room, settings, newcomer) < fixedOctets(settings);
}

/** A single message is never too large: it would wait for ever. */
function fixedOctets({ octets }: HeldSettings): number {
  return octets === 0 ? Number.POSITIVE_INFINITY : Math.max(octets, MAX_MESSAGE_OCTETS);
}
