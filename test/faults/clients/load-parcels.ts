import { randomUUID } from 'node:crypto';
import { gatewayBoundKey, internetBoundKey } from '#gateway/held/object-keys.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { APP_ID, type Phone } from '#test/peers/phone.ts';
import type { Offer } from '../ledger.ts';

/** Longer than any clock is off, so that nothing expires too early. */
export const TTL_SECONDS = 86_400;

/** The Internet app's name in the ledger. */
export const APP = `the app at ${APP_ADDRESS}`;

/** One parcel of so many is large, so that it arrives in several pieces. */
const LARGE_EVERY = 8;
const LARGE_OCTETS = 96 * 1024;
const SMALL_OCTETS = 200;

export interface LoadParcel {
  readonly octets: Uint8Array;
  readonly offer: Offer;
}

let made = 0;

/** A parcel for a phone's app, from a sender that the app authorised. */
export async function parcelTo(to: Phone, road: string): Promise<LoadParcel> {
  const { id, createdAt, ...fields } = nextFields();
  const { nodeId: privateGateway } = to.phone;
  const [recipient, sender] = [to.recipient.nodeId, to.sender.nodeId];
  const key = gatewayBoundKey({ privateGateway, recipient, sender, parcelId: id });
  const octets = await to.parcel({ id, createdAt, ...fields });
  const expiresAt = expiryOf(createdAt);
  return { octets, offer: { id, road, recipient: privateGateway, expiresAt, storedAs: [key] } };
}

/** A parcel from a phone's app for the Internet app. */
export async function parcelFrom(from: Phone, road: string): Promise<LoadParcel> {
  const { id, createdAt, ...fields } = nextFields();
  const { nodeId: sender } = from.recipient;
  const app = { recipientAddress: APP_ADDRESS, recipientId: APP_ID };
  const key = internetBoundKey({ sender, ...app, parcelId: id });
  const octets = await from.parcelToInternet({ id, createdAt, ...fields });
  const expiresAt = expiryOf(createdAt);
  return { octets, offer: { id, road, recipient: APP, expiresAt, storedAs: [key] } };
}

function nextFields() {
  const id = randomUUID();
  made += 1;
  const payload = Buffer.alloc(made % LARGE_EVERY === 0 ? LARGE_OCTETS : SMALL_OCTETS, id);
  return { id, createdAt: new Date(), ttlSeconds: TTL_SECONDS, payload };
}

function expiryOf(createdAt: Date): Date {
  return new Date(createdAt.getTime() + TTL_SECONDS * 1_000);
}
