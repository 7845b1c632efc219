import { Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { PeerPolicy } from './peer-policy.ts';

/** The refusal of a blocked private gateway, which is told no reason. */
export function blockedRefusal(): Refusal {
  return new Refusal('peer-blocked', 'This private gateway is blocked here');
}

/**
 * Refuses what a blocked private gateway brings or asks for.
 *
 * @throws {Refusal} `peer-blocked`
 */
export function requireUnblocked(peer: NodeId, policy: Pick<PeerPolicy, 'blockOf'>): void {
  if (policy.blockOf(peer)) {
    throw blockedRefusal();
  }
}
