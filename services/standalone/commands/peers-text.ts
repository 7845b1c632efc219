import type { Block } from '#gateway/peers/block.ts';
import type { HeldOfPeer } from '#gateway/peers/held-of-peer.ts';
import type { Invitation } from '#gateway/peers/invitation.ts';
import type { OperatorAct } from '#gateway/peers/operator-act.ts';
import type { PeerQuota } from '#gateway/peers/peer-quota.ts';
import { octetsInWords } from '../octets-in-words.ts';

/** A block in lines for operators. */
export function blockText({ peer, reason, since, until, mayCollect }: Block): string {
  const end = until === null ? 'until unblocked' : `until ${minuteOf(until)}`;
  const left = mayCollect ? ', may still collect' : '';
  return `${peer}\n  blocked ${minuteOf(since)}, ${end}${left}: ${reason}`;
}

/** A quota of its own in lines for operators. */
export function quotaText(quota: PeerQuota): string {
  return `${quota.peer}\n  ${factorText(quota)}`;
}

/** The same, without whose it is. */
export function factorText({ factor, reason, since, until }: PeerQuota): string {
  const end = until === null ? '' : `, until ${minuteOf(until)}`;
  return `quotas times ${factor} since ${minuteOf(since)}${end}: ${reason}`;
}

/** An invitation of whoever comes in lines for operators. */
export function invitationText({ places, reason, since, until }: Invitation): string {
  return `invitation\n  ${counted(places, 'place')} left, ${minuteOf(since)} until ${minuteOf(until)}: ${reason}`;
}

/** An act of an operator in lines for others. */
export function actText({ at, by, act, peer, details, reason }: OperatorAct): string {
  const how = details === '' ? '' : ` (${details})`;
  return `${minuteOf(at)} ${by}: ${act} ${peer ?? 'whoever comes'}${how}\n  ${reason}`;
}

/** What is held of and for a private gateway, or was. */
export function heldText({ parcels, cargoes, octets }: HeldOfPeer): string {
  return `${counted(parcels, 'parcel')} for it, ${counted(cargoes, 'cargo', 'cargoes')} of it, ${octetsInWords(octets)}`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Such as `2026-03-01 12:00`, in UTC. */
function minuteOf(time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ');
}
