import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { constructed, type DerValue, implicit, octetString, sequence } from '../der/writer.ts';
import { Certificate } from './certificate.ts';

/** A certificate with the authorities that lead to it. */
export interface SerialisedPath {
  readonly leaf: Certificate;
  /** In any order; none if the leaf's issuer is known to the reader. */
  readonly authorities: readonly Certificate[];
}

/** Beyond what any path in RS-002 needs: its longest has four certificates. */
const MAX_AUTHORITIES = 10;

/** @see RS-002 "Certification Path" */
export function certificationPathDer({ leaf, authorities }: SerialisedPath): DerValue {
  const issuers = authorities.map((authority) => octetString(authority.der));
  return sequence(implicit(0, leaf.der), constructed(1, ...issuers));
}

/**
 * Does not check that the authorities lead to the leaf.
 *
 * @throws {MalformedMessageError} also if there are more than ten authorities
 */
export function parseCertificationPath(octets: Uint8Array): SerialisedPath {
  const reader = new DerReader(octets);
  const authorities: Certificate[] = [];
  reader.enter(TAG.sequence);
  const leaf = Certificate.parse(reader.read(contextPrimitive(0)));
  reader.enter(contextConstructed(1));
  while (!reader.isAtEnd && authorities.length < MAX_AUTHORITIES) {
    authorities.push(Certificate.parse(reader.read(TAG.octetString)));
  }
  reader.leave();
  reader.leave();
  reader.finish();
  return { leaf, authorities };
}
