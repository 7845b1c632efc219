import { ignoreElement } from '../der/ignored.ts';
import { OIDS } from '../der/oids.ts';
import { readNull, readOid, readSerialNumber } from '../der/primitives.ts';
import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { hexOf } from '../der/text.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_EXTENSIONS } from '../limits.ts';

/** How much a sender may deliver under an authorisation (RS-002, "Rate Limiting Extension"). */
export interface DeliveryRateLimit {
  /** Parcels per period. */
  readonly limit: number;
  readonly periodSeconds: number;
}

/** The extensions of a certificate that mean something to Awala. */
export interface Extensions {
  isCa: boolean;
  /** How many more authorities may stand between this one and the leaf; null if not limited. */
  pathLength: number | null;
  subjectKeyId: Uint8Array | null;
  authorityKeyId: Uint8Array | null;
  rateLimit: DeliveryRateLimit | null;
  isOfEstablished: boolean;
  /** Whether there is a critical extension that we do not know. */
  hasUnknownCritical: boolean;
}

/**
 * Keyed by the extension's OID in hex. Each reads the whole of `value`. Other extensions must be
 * DER too.
 */
const READERS = new Map<string, (value: DerReader, into: Extensions) => void>([
  [hexOf(OIDS.basicConstraints.content), readBasicConstraints],
  [hexOf(OIDS.authorityKeyIdentifier.content), readAuthorityKeyIdentifier],
  [hexOf(OIDS.subjectKeyIdentifier.content), readSubjectKeyIdentifier],
  [hexOf(OIDS.deliveryRateLimit.content), readRateLimit],
  [hexOf(OIDS.establishedGateway.content), readEstablished],
]);

/** The values for a certificate without extensions. */
export function noExtensions(): Extensions {
  return {
    isCa: false,
    pathLength: null,
    subjectKeyId: null,
    authorityKeyId: null,
    rateLimit: null,
    isOfEstablished: false,
    hasUnknownCritical: false,
  };
}

/**
 * Reads Extensions (RFC 5280 §4.2), which `reader` stands before.
 *
 * @throws {MalformedMessageError} also if an extension is repeated, or there are too many
 */
export function readExtensions(reader: DerReader): Extensions {
  const extensions = noExtensions();
  const seen = new Set<string>();
  reader.enter(TAG.sequence);
  while (!reader.isAtEnd) {
    const id = readExtension(reader, extensions);
    if (seen.has(id) || seen.size === MAX_EXTENSIONS) {
      throw new MalformedMessageError('Certificate repeats an extension or has too many');
    }
    seen.add(id);
  }
  reader.leave();
  return extensions;
}

/** @returns the extension's OID in hex */
function readExtension(reader: DerReader, into: Extensions): string {
  reader.enter(TAG.sequence);
  const id = hexOf(readOid(reader));
  const isCritical = reader.isNext(TAG.boolean) && reader.readBoolean();
  const content = reader.read(TAG.octetString);
  reader.leave();
  const read = READERS.get(id);
  const value = new DerReader(content);
  if (read) {
    read(value, into);
  } else {
    ignoreElement(value);
    into.hasUnknownCritical ||= isCritical;
  }
  value.finish();
  return id;
}

/** RFC 5280 §4.2.1.9; the JVM peers spell out `cA = FALSE`, although DER omits defaults. */
function readBasicConstraints(value: DerReader, into: Extensions): void {
  value.enter(TAG.sequence);
  into.isCa = value.isNext(TAG.boolean) && value.readBoolean();
  into.pathLength = value.isNext(TAG.integer) ? value.readSmallInteger() : null;
  value.leave();
}

/** RFC 5280 §4.2.1.1; only the key identifier matters. */
function readAuthorityKeyIdentifier(value: DerReader, into: Extensions): void {
  value.enter(TAG.sequence);
  if (value.isNext(contextPrimitive(0))) {
    into.authorityKeyId = value.read(contextPrimitive(0));
  }
  if (value.isNext(contextConstructed(1))) {
    ignoreElement(value);
    readSerialNumber(value, contextPrimitive(2));
  }
  value.leave();
}

function readSubjectKeyIdentifier(value: DerReader, into: Extensions): void {
  into.subjectKeyId = value.read(TAG.octetString);
}

function readRateLimit(value: DerReader, into: Extensions): void {
  value.enter(TAG.sequence);
  into.rateLimit = { limit: value.readSmallInteger(), periodSeconds: value.readSmallInteger() };
  value.leave();
}

function readEstablished(value: DerReader, into: Extensions): void {
  readNull(value);
  into.isOfEstablished = true;
}
