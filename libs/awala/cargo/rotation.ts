import { concatenated, encodeDer } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import type { RamfMessage } from '../ramf/message.ts';
import {
  certificationPathDer,
  type PathForm,
  parseCertificationPath,
  type SerialisedPath,
} from '../x509/certification-path-der.ts';
import { typeOfCargoMessage } from './message-set.ts';

const FORMAT = Buffer.from('Awala\x10\x00', 'latin1');

/**
 * The forms of a rotation that the sender of a message may read, in the order to send them. Peers
 * ignore a form that they cannot read. JavaScript peers, which write only DER, need just the first.
 */
export function rotationFormsFor({ isBer }: Pick<RamfMessage, 'isBer'>): readonly PathForm[] {
  return isBer ? ['octet-strings', 'certificates'] : ['octet-strings'];
}

/**
 * Writes a certificate rotation: a peer's new certificate, to be sent in a cargo.
 *
 * @see RS-002 "Certificate Rotation"
 */
export function serialiseRotation(path: SerialisedPath, form?: PathForm): Uint8Array {
  return encodeDer(concatenated(FORMAT, certificationPathDer(path, form)));
}

/**
 * Reads either form.
 *
 * @throws {MalformedMessageError}
 */
export function parseRotation(octets: Uint8Array): SerialisedPath {
  if (typeOfCargoMessage(octets) !== 'certificate-rotation') {
    throw new MalformedMessageError('Not a certificate rotation');
  }
  return parseCertificationPath(octets.subarray(FORMAT.length));
}
