import { randomBytes } from 'node:crypto';
import { generateSessionKey, type SessionKeyPair } from '#awala/sessions/session-key.ts';
import {
  authorisedSender,
  endpoint,
  internetGateway,
  messageFrom,
  type Peer,
  privateGateway,
  validAround,
} from '#test/builders/peers.ts';

/** A phone that sends cargo to its gateway, with parcels from an app elsewhere to one behind itself. */
export interface CargoWorld {
  readonly gateway: Peer;
  readonly phone: Peer;
  readonly recipient: Peer;
  readonly sender: Peer;
  readonly phoneKey: SessionKeyPair;
  readonly now: Date;
}

/** Cargoes and the parcels in them live at least this long. */
export const TTL_SECONDS = 86_400;

export async function makeCargoWorld(): Promise<CargoWorld> {
  const now = new Date();
  const validity = validAround(now);
  const gateway = await internetGateway('gateway', validity);
  const phone = await privateGateway('phone', gateway, validity);
  const recipient = await endpoint('recipient', phone, validity);
  const sender = await authorisedSender('sender', recipient, validity);
  return { gateway, phone, recipient, sender, phoneKey: generateSessionKey(), now };
}

/** When cargoes and parcels are dated: a minute ago. */
export function creationDate({ now }: CargoWorld): Date {
  return new Date(now.getTime() - 60_000);
}

/** @param shape.octets - of each parcel's payload; the parcel has 4 KiB more, mostly certificates */
export async function makeParcels(
  world: CargoWorld,
  { parcels, octets }: { readonly parcels: number; readonly octets: number },
): Promise<Uint8Array[]> {
  const made: Uint8Array[] = [];
  for (let index = 0; index < parcels; index++) {
    const parcel = await messageFrom(world.sender, {
      recipient: { id: world.recipient.nodeId },
      createdAt: creationDate(world),
      ttlSeconds: TTL_SECONDS,
      payload: randomBytes(octets),
    });
    made.push(parcel);
  }
  return made;
}
