import type { KeyObject } from 'node:crypto';
import { parseCollectionRequest, serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import type { EnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, Refusal } from '#awala/errors.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { isSignedBy } from '#awala/x509/signature-algorithm.ts';
import { faultAt } from '#awala/x509/validity.ts';
import type { Clock } from '#clock/clock.ts';
import { type DoubtParts, withoutDatesInDoubt } from '../identity/doubting-verifier.ts';
import type { Identity } from '../identity/identity.ts';

interface CollectionRequestParts extends DoubtParts {
  readonly identity: Pick<Identity, 'nodeId'>;
  readonly clock: Clock;
  /** The CCA's signer, whose key must have issued the CDA. */
  readonly sender: Certificate;
}

/**
 * Decrypts a CCA's payload, and verifies the CDA in it. The CDA's issuer is not in the CCA; its key
 * is the sender's.
 *
 * The signer of a CCA may have found the payload rather than made it, and try many variants. So an
 * undecryptable payload is parsed and verified all the same, with a stand-in request where it has
 * none, and every failure gets the same answer. Whether the CDA becomes valid later is told only
 * once it is proven to be the sender's own, who learns nothing new.
 *
 * @param privateKey - null if there is none that the sender may use
 * @throws {InvalidMessageError} `decryption`
 * @throws {Refusal} `cda-not-yet-valid` if it can be used later
 * @throws {ClockInDoubtError} if it would be refused for its dates, while the clock is in doubt
 */
export function openCollectionRequest(
  envelope: EnvelopedData,
  privateKey: KeyObject | null,
  parts: CollectionRequestParts,
): Certificate {
  const { identity, clock, sender } = parts;
  const { octets, isSound } = envelope.attempt(privateKey);
  const request = requestOrNull(octets);
  // One of the two attempts always succeeds and one fails.
  const decoy = serialiseCollectionRequest(sender);
  const other = requestOrNull(request ? decoy.subarray(0, -1) : decoy);
  const cda = request ?? other ?? sender;
  const isBySender = isIssuedBy(sender, cda);
  const isForUs = cda.nodeId === identity.nodeId;
  const isProven = request !== null && isSound && isBySender && isForUs;
  if (!isProven || !isCurrent(cda, parts)) {
    throw new InvalidMessageError(
      'decryption',
      'its payload cannot be decrypted, or holds no CDA by its sender for this gateway that is valid now',
    );
  }
  if (cda.notBefore > clock.now()) {
    throw new Refusal(
      'cda-not-yet-valid',
      'the CDA is not valid yet: call again with the same CCA later',
    );
  }
  return cda;
}

/** @throws {ClockInDoubtError} instead of returning false, while the clock is in doubt */
function isCurrent(cda: Certificate, parts: CollectionRequestParts): boolean {
  try {
    withoutDatesInDoubt(parts, () => {
      const fault = faultAt(cda, parts.clock.now());
      if (fault) {
        throw fault;
      }
    });
    return true;
  } catch (error) {
    if (error instanceof InvalidMessageError) {
      return false;
    }
    throw error;
  }
}

function requestOrNull(octets: Uint8Array): Certificate | null {
  try {
    return parseCollectionRequest(octets);
  } catch {
    return null;
  }
}

function isIssuedBy(sender: Certificate, cda: Certificate): boolean {
  try {
    return isSignedBy(sender, cda.signatureAlgorithm, cda.tbs, cda.signature);
  } catch {
    return false;
  }
}
