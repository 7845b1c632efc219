import { type Clock, systemClock } from '#clock/clock.ts';
import { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';

/** A policy of operators who never blocked anybody. */
export function nobodyBlocked(clock: Clock = systemClock): PeerPolicy {
  return new PeerPolicy({ records: new InMemoryRecordStore({ clock }), clock });
}
