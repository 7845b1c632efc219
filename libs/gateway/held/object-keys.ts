import { hash } from 'node:crypto';
import { type NodeId, parseNodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';

/** Prefix of the parcels for private endpoints. */
export const GATEWAY_BOUND_PREFIX = 'parcels/gateway-bound/';
/** Prefix of the parcels for other Internet addresses. */
export const INTERNET_BOUND_PREFIX = 'parcels/internet-bound/';
/** Prefix of cargo that is not unpacked yet. */
export const CARGO_PREFIX = 'cargo/';

const HOLDER_DIGITS = 32;

/** Identifies a parcel for a private endpoint. */
export interface ParcelIdentity {
  readonly privateGateway: NodeId;
  readonly recipient: NodeId;
  readonly sender: NodeId;
  /** Chosen by the sender: at most 64 characters of any kind, and so hashed. */
  readonly parcelId: string;
}

/** Why something is held: a phone sent it, or the Internet sent it to a phone, or it is cargo. */
export type HeldAs = 'sent' | 'received' | 'cargo';

const HOLDER_PREFIXES: Readonly<Record<HeldAs, string>> = { sent: '', received: '>', cargo: '!' };

/**
 * The name under which a private gateway holds something: 128 bits of its id, since each object has it,
 * and why.
 */
export function holderName(privateGateway: NodeId, as: HeldAs): string {
  return HOLDER_PREFIXES[as] + privateGateway.slice(-HOLDER_DIGITS);
}

/** Prefix of the parcels held for a private gateway. */
export function mailboxPrefix(privateGateway: NodeId): string {
  return `${GATEWAY_BOUND_PREFIX}${privateGateway}/`;
}

/** What tells a parcel from the others that are held for the private gateway: its key's end. */
export function nameInMailbox(key: ObjectKey, privateGateway: NodeId): string {
  return key.slice(mailboxPrefix(privateGateway).length);
}

/** @returns the private gateway that the parcel is held for; null if this is the key of no such */
export function privateGatewayOf(key: ObjectKey): NodeId | null {
  const [privateGateway] = key.slice(GATEWAY_BOUND_PREFIX.length).split('/', 1);
  return key.startsWith(GATEWAY_BOUND_PREFIX) && privateGateway
    ? parseNodeId(privateGateway)
    : null;
}

/** Hexadecimal digits: 192 bits. Short, as an index of what is held has each of them in memory. */
const DIGEST_DIGITS = 48;

/**
 * The key of a parcel for a private endpoint. The same sender, recipient and parcel id give the
 * same key: a later parcel replaces an earlier one.
 */
export function gatewayBoundKey(parcel: ParcelIdentity): ObjectKey {
  const { privateGateway, recipient, sender, parcelId } = parcel;
  const digest = sha256Hex(JSON.stringify([recipient, sender, parcelId])).slice(0, DIGEST_DIGITS);
  return `${mailboxPrefix(privateGateway)}${digest}`;
}

/**
 * The key that the parcel would have had before version 0.1.0. Some are stored until 180 days after
 * the upgrade.
 */
export function formerGatewayBoundKey(parcel: ParcelIdentity): ObjectKey {
  const { privateGateway, recipient, sender, parcelId } = parcel;
  return `${mailboxPrefix(privateGateway)}${recipient}/${sender}/${sha256Hex(parcelId)}`;
}

/**
 * The key of a parcel for the Internet. It starts with the address, so that a worker knows the
 * destination before it reads the parcel. The recipient's id, up to 1 024 characters of the
 * sender's choice, is hashed.
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

/**
 * @returns the recipient's Internet address, and the id of the sender, which proved it; null if this
 *   is not the key of an Internet-bound parcel
 */
export function endsOfInternetBoundKey(
  key: ObjectKey,
): { readonly address: string; readonly sender: string } | null {
  const [address, sender] = key.slice(INTERNET_BOUND_PREFIX.length).split('/', 2);
  return key.startsWith(INTERNET_BOUND_PREFIX) && address && sender ? { address, sender } : null;
}

/** Prefix of the cargo from one private gateway that is not unpacked yet. */
export function cargoPrefix(sender: NodeId): string {
  return `${CARGO_PREFIX}${sender}/`;
}

/**
 * The key of a cargo. The same sender and cargo id give the same key: couriers may deliver a cargo
 * more than once.
 */
export function cargoKey(cargo: { readonly sender: NodeId; readonly cargoId: string }): ObjectKey {
  return `${cargoPrefix(cargo.sender)}${sha256Hex(cargo.cargoId)}`;
}

/** @returns the private gateway that sent the cargo; null if this is not the key of a cargo */
export function senderOfCargoKey(key: ObjectKey): NodeId | null {
  const [sender] = key.slice(CARGO_PREFIX.length).split('/', 1);
  return key.startsWith(CARGO_PREFIX) && sender ? parseNodeId(sender) : null;
}

function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}
