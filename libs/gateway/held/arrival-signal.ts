import { crc32 } from 'node:zlib';
import type { NodeId } from '#awala/node-id.ts';
import type { StoredParcel } from './mailbox.ts';
import { mailboxPrefix } from './object-keys.ts';

/** What the signal of an arrival says. */
interface Arrival {
  readonly parcel: StoredParcel;
  /** The parcel, if it came along, as it was sent. */
  readonly body: Uint8Array | null;
}

/** Between what a version without index and bodies takes together for the generation. */
const WITH = '~';
const CHECKSUM_DIGITS = 8;

/**
 * Writes `generation[~token[~checksum body]] size expiry storage key`, the body in base64. A
 * version that knows no tokens and bodies takes them for a part of the generation, which it only
 * compares.
 */
export function encodeArrival(parcel: StoredParcel, body: Uint8Array | null = null): string {
  const { generation, token, sizeOctets, expiresAt, storedAt, key } = parcel;
  const stamp = [generation];
  if (token !== null || body !== null) {
    stamp.push(token ?? '');
  }
  if (body !== null) {
    const { buffer, byteOffset, byteLength } = body;
    const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    stamp.push(`${checksumOf(body)}${base64}`);
  }
  return `${stamp.join(WITH)} ${sizeOctets} ${expiresAt.getTime()} ${storedAt.getTime()} ${key}`;
}

const REST = /^(?<size>\d{1,9}) (?<expiry>\d{1,15}) (?<stored>\d{1,15}) (?<key>\S+)$/;

/**
 * Reads a signal. A body that does not match its checksum is left out.
 *
 * @returns null for a signal of another version of this gateway that cannot be read
 */
export function decodeArrival(message: string, privateGateway: NodeId): Arrival | null {
  const end = message.indexOf(' ');
  const [generation, token, body] = message.slice(0, Math.max(end, 0)).split(WITH);
  const fields = REST.exec(message.slice(end + 1))?.groups;
  if (!generation || !fields?.key?.startsWith(mailboxPrefix(privateGateway))) {
    return null;
  }
  const sizeOctets = Number(fields.size);
  return {
    parcel: {
      key: fields.key,
      generation,
      token: token || null,
      isSettled: false,
      sizeOctets,
      expiresAt: new Date(Number(fields.expiry)),
      storedAt: new Date(Number(fields.stored)),
    },
    body: body === undefined ? null : readBody(body, sizeOctets),
  };
}

function readBody(text: string, sizeOctets: number): Uint8Array | null {
  const body = Buffer.from(text.slice(CHECKSUM_DIGITS), 'base64');
  const isWhole = body.length === sizeOctets && text.startsWith(checksumOf(body));
  return isWhole ? body : null;
}

/** Guards against slips, not against attackers: who can write to Redis can do worse. */
function checksumOf(octets: Uint8Array): string {
  return crc32(octets).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
