import { isOid, OIDS } from '../der/oids.ts';
import { DerReader, TAG } from '../der/reader.ts';
import { bufferOver } from '../der/text.ts';
import { MalformedMessageError } from '../errors.ts';

/**
 * Reads the one common name that a distinguished name consists of.
 *
 * Meant for finding issuers and for logs: who a node is follows from its key,
 * never from its name.
 *
 * @param name - a DER Name
 * @returns the text, whichever string type it has
 * @throws {MalformedMessageError} if there is anything but one common name
 * @see RS-002, "General Constraints and Attributes"
 */
export function commonNameOf(name: Uint8Array): string {
  const reader = new DerReader(name);
  reader.enter(TAG.sequence);
  reader.enter(TAG.set);
  reader.enter(TAG.sequence);
  if (!isOid(reader.read(TAG.oid), OIDS.commonName)) {
    throw new MalformedMessageError('Name has an attribute other than the common name');
  }
  const text = readDirectoryString(reader);
  reader.leave();
  reader.leave();
  reader.leave();
  reader.finish();
  return text;
}

/** Deployed peers write BMPString; the other types are what other X.509 libraries choose. */
function readDirectoryString(reader: DerReader): string {
  if (reader.isNext(TAG.bmpString)) {
    const content = reader.read(TAG.bmpString);
    if (content.length % 2 !== 0) {
      throw new MalformedMessageError('Name ends within a character');
    }
    return Buffer.from(content).swap16().toString('utf16le');
  }
  const tag = reader.isNext(TAG.utf8String) ? TAG.utf8String : TAG.printableString;
  return bufferOver(reader.read(tag)).toString('utf8');
}
