import { isSameOctets } from './octets.ts';

/** An object identifier and the content octets of its DER encoding. */
export interface Oid {
  readonly dotted: string;
  readonly content: Uint8Array;
}

/**
 * Parses an object identifier.
 *
 * @param dotted - arcs under 2^31 each, for instance `2.5.4.3`
 */
export function oid(dotted: string): Oid {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const content = [root * 40 + second, ...rest].flatMap(encodeArc);
  return { dotted, content: Uint8Array.from(content) };
}

/**
 * Whether an OBJECT IDENTIFIER is `expected`.
 *
 * @param content - its content octets
 */
export function isOid(content: Uint8Array, expected: Oid): boolean {
  return isSameOctets(content, expected.content);
}

/** Seven bits per octet, most significant first; all but the last have the top bit set. */
function encodeArc(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest & 0x7f) | 0x80);
  }
  return octets;
}

const AWALA = '1.3.6.1.4.1.58708.0';

/** The object identifiers in use. */
export const OIDS = {
  commonName: oid('2.5.4.3'),

  subjectKeyIdentifier: oid('2.5.29.14'),
  basicConstraints: oid('2.5.29.19'),
  authorityKeyIdentifier: oid('2.5.29.35'),

  data: oid('1.2.840.113549.1.7.1'),
  signedData: oid('1.2.840.113549.1.7.2'),
  envelopedData: oid('1.2.840.113549.1.7.3'),
  contentType: oid('1.2.840.113549.1.9.3'),
  messageDigest: oid('1.2.840.113549.1.9.4'),

  rsaEncryption: oid('1.2.840.113549.1.1.1'),
  mgf1: oid('1.2.840.113549.1.1.8'),
  rsaPss: oid('1.2.840.113549.1.1.10'),
  sha256: oid('2.16.840.1.101.3.4.2.1'),
  sha384: oid('2.16.840.1.101.3.4.2.2'),
  sha512: oid('2.16.840.1.101.3.4.2.3'),

  /** RS-002, "Rate Limiting Extension". */
  deliveryRateLimit: oid(`${AWALA}.0.0`),
  /**
   * Ours, until RS-002 has one: the subject has been a private gateway for long. The last arc is
   * random, to be nobody else's.
   */
  establishedGateway: oid(`${AWALA}.0.1327485121`),
  /** RS-003: the key id of the originator of a session. */
  originatorKeyId: oid(`${AWALA}.1.0`),
  /** RS-000, "Private Node Registration". */
  registrationAuthorization: oid(`${AWALA}.2.0`),
  registrationCountersignature: oid(`${AWALA}.2.1`),
  /** RS-016: binds a detached signature to its purpose. */
  parcelDelivery: oid(`${AWALA}.3.0`),
  collectionHandshake: oid(`${AWALA}.3.1`),
  /** Ours, until RS-016 has one (docs/proposals/withdrawals.md). The last arc is random. */
  parcelDeauthorisation: oid(`${AWALA}.3.1840226593`),
} as const satisfies Record<string, Oid>;
