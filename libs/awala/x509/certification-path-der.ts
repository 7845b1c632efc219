import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import {
  constructed,
  type DerValue,
  encodeDer,
  implicit,
  octetString,
  sequence,
  tagged,
} from '../der/writer.ts';
import { Certificate } from './certificate.ts';

/** A certificate with the authorities that lead to it. */
export interface SerialisedPath {
  readonly leaf: Certificate;
  /** In any order; empty if the reader knows the leaf's issuer. */
  readonly authorities: readonly Certificate[];
}

/**
 * How a path's certificates are written. RS-002 and the JavaScript peers put each one's DER into an
 * OCTET STRING; Android's library, since July 2023, tags the leaf implicitly as a Certificate and
 * lists the authorities as they are. Neither reads the other's form.
 */
export type PathForm = 'octet-strings' | 'certificates';

/** More than any path in RS-002 needs: the longest has four certificates. */
const MAX_AUTHORITIES = 10;

/**
 * Writes a certification path.
 *
 * @see RS-002 "Certification Path"
 */
export function certificationPathDer(
  { leaf, authorities }: SerialisedPath,
  form: PathForm = 'octet-strings',
): DerValue {
  if (form === 'octet-strings') {
    const issuers = authorities.map(({ der }) => octetString(der));
    return sequence(implicit(0, leaf.der), constructed(1, ...issuers));
  }
  const leafFields = new DerReader(leaf.der).read(TAG.sequence);
  return sequence(constructed(0, leafFields), constructed(1, ...authorities.map(({ der }) => der)));
}

/**
 * Reads either form. Does not check that the authorities lead to the leaf.
 *
 * @throws {MalformedMessageError} also for more than ten authorities
 */
export function parseCertificationPath(octets: Uint8Array): SerialisedPath {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const form = reader.isNext(contextPrimitive(0)) ? 'octet-strings' : 'certificates';
  const leaf = readLeaf(reader, form);
  const authorities: Certificate[] = [];
  reader.enter(contextConstructed(1));
  while (!reader.isAtEnd && authorities.length < MAX_AUTHORITIES) {
    const isWrapped = form === 'octet-strings';
    const der = isWrapped ? reader.read(TAG.octetString) : reader.readElement(TAG.sequence);
    authorities.push(Certificate.parse(der));
  }
  reader.leave();
  reader.leave();
  reader.finish();
  return { leaf, authorities };
}

function readLeaf(reader: DerReader, form: PathForm): Certificate {
  if (form === 'octet-strings') {
    return Certificate.parse(reader.read(contextPrimitive(0)));
  }
  const fields = reader.read(contextConstructed(0));
  return Certificate.parse(encodeDer(tagged(TAG.sequence, fields)));
}
