import { concatenated, encodeDer } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import {
  certificationPathDer,
  parseCertificationPath,
  type SerialisedPath,
} from '../x509/certification-path-der.ts';
import { typeOfCargoMessage } from './message-set.ts';

const FORMAT = Buffer.from('Awala\x10\x00', 'latin1');

/**
 * Writes a certificate rotation: a peer's new certificate, on its way in a cargo.
 *
 * @see RS-002 "Certificate Rotation"
 */
export function serialiseRotation(path: SerialisedPath): Uint8Array {
  return encodeDer(concatenated(FORMAT, certificationPathDer(path)));
}

/** @throws {MalformedMessageError} */
export function parseRotation(octets: Uint8Array): SerialisedPath {
  if (typeOfCargoMessage(octets) !== 'certificate-rotation') {
    throw new MalformedMessageError('Not a certificate rotation');
  }
  return parseCertificationPath(octets.subarray(FORMAT.length));
}
