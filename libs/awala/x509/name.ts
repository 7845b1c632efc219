import { isOid, OIDS } from '../der/oids.ts';
import { readBmpText, readOid, readUtf8Text } from '../der/primitives.ts';
import { DerReader, TAG } from '../der/reader.ts';
import { latin1Of } from '../der/text.ts';
import { MalformedMessageError } from '../errors.ts';

/** X.680 §41.4, plus `*`, `@`, `_` and `&`, which many write against the rules. */
const NOT_PRINTABLE = /[^A-Za-z0-9 '()+,\-./:=?*@_&]/;

/**
 * Reads a distinguished name that consists of one common name.
 *
 * For finding issuers and for logs: a node is identified by its key, never by its name.
 *
 * @param name - a DER Name
 * @returns the text, of whatever string type
 * @throws {MalformedMessageError} if there is anything but one common name
 * @see RS-002, "General Constraints and Attributes"
 */
export function commonNameOf(name: Uint8Array): string {
  const reader = new DerReader(name);
  reader.enter(TAG.sequence);
  reader.enter(TAG.set);
  reader.enter(TAG.sequence);
  if (!isOid(readOid(reader), OIDS.commonName)) {
    throw new MalformedMessageError('Name has an attribute other than the common name');
  }
  const text = readDirectoryString(reader);
  reader.leave();
  reader.leave();
  reader.leave();
  reader.finish();
  return text;
}

/** Deployed peers write BMPString; other X.509 libraries choose the other types. */
function readDirectoryString(reader: DerReader): string {
  if (reader.isNext(TAG.bmpString)) {
    return readBmpText(reader);
  }
  if (reader.isNext(TAG.utf8String)) {
    return readUtf8Text(reader);
  }
  const text = latin1Of(reader.read(TAG.printableString));
  if (NOT_PRINTABLE.test(text)) {
    throw new MalformedMessageError('Name has a character that its type does not have');
  }
  return text;
}
