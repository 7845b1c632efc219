import assert from 'node:assert/strict';
import { messageFrom } from '#test/builders/peers.ts';
import { type Correspondence, parcelOn } from '#test/builders/road.ts';
import { malformedMessages } from './malformed-messages.ts';

/** @returns malformed parcels, by what is wrong with them */
export function malformedParcels(road: Correspondence): Record<string, Uint8Array> {
  const { sender, recipient, now: createdAt } = road;
  const craft = (template: Parameters<typeof parcelOn>[1]) => parcelOn(road, template);
  return malformedMessages({
    typeOctet: 0x50,
    sender,
    recipient: recipient.nodeId,
    createdAt,
    craft,
  });
}

/** A parcel of exactly that size, otherwise valid. */
export async function parcelOfOctets(road: Correspondence, octets: number): Promise<Uint8Array> {
  const { sender, recipient, now } = road;
  const fields = { recipient: { id: recipient.nodeId }, createdAt: now };
  const around = await messageFrom(sender, { ...fields, payload: new Uint8Array(octets / 2) });
  const payload = new Uint8Array(octets - (around.length - Math.floor(octets / 2)));
  const parcel = await messageFrom(sender, { ...fields, payload });
  assert.equal(parcel.length, octets);
  return parcel;
}
