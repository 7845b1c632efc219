import type { Block } from '#gateway/peers/block.ts';
import type { OperatorAct } from '#gateway/peers/operator-act.ts';
import type { HeldOfPeer } from '#gateway/peers/peer-orders.ts';
import { octetsInWords } from '../octets-in-words.ts';

/** A block in lines for operators. */
export function blockText({ peer, reason, since, until, mayCollect }: Block): string {
  const end = until === null ? 'until unblocked' : `until ${minuteOf(until)}`;
  const left = mayCollect ? ', may still collect' : '';
  return `${peer}\n  blocked ${minuteOf(since)}, ${end}${left}: ${reason}`;
}

/** An act of an operator in lines for others. */
export function actText({ at, by, act, peer, details, reason }: OperatorAct): string {
  const how = details === '' ? '' : ` (${details})`;
  return `${minuteOf(at)} ${by}: ${act} ${peer}${how}\n  ${reason}`;
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
