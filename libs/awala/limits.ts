/**
 * Bounds on what is read from peers. Each is a rule of the protocol, or bounds the work per
 * message; `docs/limits.md` lists them all.
 */

/**
 * Largest RAMF message of any type, in octets: what deployed clients read (RS-001 asks writers for
 * less).
 */
export const MAX_MESSAGE_OCTETS = 9_437_184;

/**
 * Largest parcel, in octets: what still fits into a cargo, as the deployed peers count (RS-000,
 * "Parcel").
 */
export const MAX_PARCEL_OCTETS = 8_322_038;

/** Largest payload of a RAMF message, in octets (RS-001, "Format"). */
export const MAX_PAYLOAD_OCTETS = 8_388_608;

/**
 * Longest life of a message (RS-001, "Format") and of a certificate (RS-002, "Certificate Validity
 * Period"), in days. How long anything is kept follows from it.
 */
export const MAX_LIFE_DAYS = 180;
/** The same in milliseconds. */
export const MAX_LIFE_MS = MAX_LIFE_DAYS * 86_400_000;

/** Longest time to live of a message. */
export const MAX_TTL_SECONDS = MAX_LIFE_MS / 1_000;

/** In characters: what deployed clients read. */
export const MAX_MESSAGE_ID_LENGTH = 64;

/** Of a recipient's id, and of its Internet address, in characters: what deployed clients read. */
export const MAX_RECIPIENT_LENGTH = 1024;

/**
 * How far in the future a message or certificate may start, as a phone's clock may be ahead of ours
 * (RS-000, "Clock Drift Tolerance"). Its end is never stretched.
 */
export const CLOCK_DRIFT_TOLERANCE_MS = 2 * 60 * 60 * 1000;

/** Largest certificate, in octets; one with an RSA-4096 key has under 2 KiB. */
export const MAX_CERTIFICATE_OCTETS = 8192;

/** Extensions in a certificate; deployed peers write three or four. */
export const MAX_EXTENSIONS = 16;

/** Certificates attached to a message; a delivery authorisation needs four. */
export const MAX_ATTACHED_CERTIFICATES = 10;

/**
 * Certificates from sender to trust anchor, both included; follows from path length 2 at the top
 * (RS-002, "Basic Constraints").
 */
export const MAX_PATH_CERTIFICATES = 4;

/** Certificate signatures checked in one search for a path; three lead to the anchor. */
export const MAX_PATH_SIGNATURE_CHECKS = 12;

/** Attributes signed with a message; deployed peers write two to four. */
export const MAX_SIGNED_ATTRIBUTES = 16;

/** Segments of signed content; JVM peers write segments of 1 000 octets. */
export const MAX_CONTENT_SEGMENTS = 16_384;

/** Largest message that withdraws authorisations, in octets (docs/proposals/withdrawals.md). */
export const MAX_DEAUTHORISATION_OCTETS = 16_384;

/** Most serial numbers in one. */
export const MAX_DEAUTHORISED_SERIALS = 512;

/** RSA moduli, in bits (RS-018, "RSA Key Constraints"; the upper bound is the largest size it names). */
export const MIN_RSA_MODULUS_BITS = 2048;
/** The largest RSA modulus, in bits. */
export const MAX_RSA_MODULUS_BITS = 4096;

/**
 * RSA public exponents; deployed peers only generate 65 537. Each bit set in an exponent costs a
 * multiplication: others of this size can double the cost of verification, primes with two bits set
 * do not.
 */
export const RSA_EXPONENTS: readonly number[] = [3, 5, 17, 257, 65_537];

/** An AlgorithmIdentifier, in octets; that of RSA-PSS has 67. */
export const MAX_ALGORITHM_OCTETS = 1024;

/** All attributes signed with a message, in octets; deployed peers write under 300. */
export const MAX_SIGNED_ATTRIBUTES_OCTETS = 4096;
