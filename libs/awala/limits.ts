/**
 * Bounds on what is read from peers. Each is either a rule of the protocol or
 * what keeps the work per message bounded; `docs/limits.md` lists them all.
 */

/** A RAMF message of any type, in octets; what the deployed clients read (RS-001 asks for less of those who write). */
export const MAX_MESSAGE_OCTETS = 9_437_184;

/** A parcel, in octets: what still fits into a cargo, as the deployed peers count it (RS-000, "Parcel"). */
export const MAX_PARCEL_OCTETS = 8_322_038;

/** The payload of a RAMF message, in octets (RS-001, "Format"). */
export const MAX_PAYLOAD_OCTETS = 8_388_608;

/** 180 days (RS-001, "Format"). */
export const MAX_TTL_SECONDS = 15_552_000;

/** In characters; what the deployed clients read. */
export const MAX_MESSAGE_ID_LENGTH = 64;

/** Of a recipient's id and of its Internet address, in characters; what the deployed clients read. */
export const MAX_RECIPIENT_LENGTH = 1024;

/**
 * How far in the future a message or a certificate may start, because a
 * phone's clock is ahead of ours (RS-000, "Clock Drift Tolerance"). The end of
 * a message or certificate is never stretched.
 */
export const CLOCK_DRIFT_TOLERANCE_MS = 2 * 60 * 60 * 1000;

/** A certificate, in octets; those of RSA-4096 keys span under 2 KiB. */
export const MAX_CERTIFICATE_OCTETS = 8192;

/** Extensions in a certificate; deployed peers write three or four. */
export const MAX_EXTENSIONS = 16;

/** Certificates attached to a message; a delivery authorisation needs four. */
export const MAX_ATTACHED_CERTIFICATES = 10;

/** Certificates from sender to trust anchor, both counted; follows from path length 2 at the top (RS-002, "Basic Constraints"). */
export const MAX_PATH_CERTIFICATES = 4;

/** Signatures of certificates checked while looking for one certification path; three lead to the anchor. */
export const MAX_PATH_SIGNATURE_CHECKS = 12;

/** Attributes signed along with a message; deployed peers write two to four. */
export const MAX_SIGNED_ATTRIBUTES = 16;

/** Pieces that the signed content may be cut into; the JVM peers write pieces of 1 000 octets. */
export const MAX_CONTENT_SEGMENTS = 16_384;

/** RSA moduli, in bits (RS-018, "RSA Key Constraints"; the upper bound is the largest size it names). */
export const MIN_RSA_MODULUS_BITS = 2048;
export const MAX_RSA_MODULUS_BITS = 4096;

/**
 * RSA public exponents: all that the deployed peers make is 65 537. Each bit that is set in one costs a multiplication,
 * so that others of its size make verification twice as slow; primes with two bits set do not.
 */
export const RSA_EXPONENTS: readonly number[] = [3, 5, 17, 257, 65_537];

/** An AlgorithmIdentifier, in octets; that of RSA-PSS has 67. */
export const MAX_ALGORITHM_OCTETS = 1024;

/** All that is signed along with a message, in octets; deployed peers write under 300. */
export const MAX_SIGNED_ATTRIBUTES_OCTETS = 4096;
