import { createHash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';

/** Where each kind of object lives in the object store. */
export const GATEWAY_BOUND_PREFIX = 'parcels/gateway-bound/';
export const INTERNET_BOUND_PREFIX = 'parcels/internet-bound/';
export const CARGO_PREFIX = 'cargo/';

/** What tells a parcel for a private endpoint of ours from every other. */
export interface ParcelIdentity {
  readonly privateGateway: NodeId;
  readonly recipient: NodeId;
  readonly sender: NodeId;
  /** As the sender chose it: at most 64 characters of any kind, hence hashed. */
  readonly parcelId: string;
}

/** Prefix of the parcels held for a private gateway. */
export function mailboxPrefix(privateGateway: NodeId): string {
  return `${GATEWAY_BOUND_PREFIX}${privateGateway}/`;
}

/** The same sender, recipient and parcel id give the same key: a later parcel replaces an earlier one. */
export function gatewayBoundKey(parcel: ParcelIdentity): ObjectKey {
  return `${gatewayBoundKeyPrefix(parcel)}${sha256Hex(parcel.parcelId)}`;
}

function gatewayBoundKeyPrefix({ privateGateway, recipient, sender }: ParcelIdentity): string {
  return `${mailboxPrefix(privateGateway)}${recipient}/${sender}/`;
}

/** The recipient's address and id go in hashed: they are the sender's words, up to 1 024 characters each. */
export function internetBoundKey(parcel: {
  readonly sender: NodeId;
  readonly recipientAddress: string;
  readonly recipientId: string;
  readonly parcelId: string;
}): ObjectKey {
  const digest = sha256Hex(
    JSON.stringify([parcel.recipientAddress, parcel.recipientId, parcel.parcelId]),
  );
  return `${INTERNET_BOUND_PREFIX}${parcel.sender}/${digest}`;
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
