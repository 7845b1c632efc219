import { createHash } from 'node:crypto';
import { type NodeId, parseNodeId } from '#awala/node-id.ts';
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

/**
 * The address stands in the key, so that whoever delivers knows where a parcel
 * goes without reading it. The recipient's id goes in hashed: it is the sender's
 * words, up to 1 024 characters.
 */
export function internetBoundKey(parcel: {
  readonly sender: NodeId;
  /** In canonical form. */
  readonly recipientAddress: string;
  readonly recipientId: string;
  readonly parcelId: string;
}): ObjectKey {
  const digest = sha256Hex(JSON.stringify([parcel.recipientId, parcel.parcelId]));
  return `${INTERNET_BOUND_PREFIX}${parcel.recipientAddress}/${parcel.sender}/${digest}`;
}

/** @returns the recipient's Internet address; null if this is not the key of an Internet-bound parcel */
export function addressOfInternetBoundKey(key: ObjectKey): string | null {
  const [address] = key.slice(INTERNET_BOUND_PREFIX.length).split('/', 1);
  return key.startsWith(INTERNET_BOUND_PREFIX) && address ? address : null;
}

/** Prefix of the cargoes that a private gateway sent and that are not unpacked yet. */
export function cargoPrefix(sender: NodeId): string {
  return `${CARGO_PREFIX}${sender}/`;
}

/** The same sender and cargo id give the same key: a courier may bring a cargo more than once. */
export function cargoKey(cargo: { readonly sender: NodeId; readonly cargoId: string }): ObjectKey {
  return `${cargoPrefix(cargo.sender)}${sha256Hex(cargo.cargoId)}`;
}

/** @returns the private gateway that sent the cargo; null if this is not the key of a cargo */
export function senderOfCargoKey(key: ObjectKey): NodeId | null {
  const [sender] = key.slice(CARGO_PREFIX.length).split('/', 1);
  return key.startsWith(CARGO_PREFIX) && sender ? parseNodeId(sender) : null;
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
