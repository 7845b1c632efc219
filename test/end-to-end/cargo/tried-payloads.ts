import { randomBytes } from 'node:crypto';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import type { ContentCipher } from '#awala/cms/session-algorithms.ts';
import {
  generateSessionKey,
  type SessionKey,
  type SessionKeyPair,
} from '#awala/sessions/session-key.ts';
import {
  editEnvelope,
  encryptedContentOf,
  withEncryptedContent,
  withFlippedOctet,
  withWrappedKey,
} from '#test/builders/crafted-envelopes.ts';

const BLOCK_OCTETS = 16;

/**
 * What somebody tries who wants to read a payload in CBC and has no key for it:
 * the last octet in all its values, so that one of them has good padding; blocks of it after
 * blocks of chance; and it cut at every fourth block.
 */
export function* triesAt(payload: Uint8Array): Generator<Uint8Array> {
  const changed = (change: (content: Uint8Array) => Uint8Array) =>
    editEnvelope(payload, withEncryptedContent(change));
  const blocks = encryptedContentOfPayload(payload).length / BLOCK_OCTETS;
  for (let value = 1; value < 256; value++) {
    const at = -BLOCK_OCTETS - 1;
    yield changed((content) => Uint8Array.from(content).with(at, (content.at(at) ?? 0) ^ value));
  }
  for (let block = 0; block < blocks; block += 4) {
    const [start, end] = [block * BLOCK_OCTETS, (block + 1) * BLOCK_OCTETS];
    yield changed((content) =>
      Buffer.concat([randomBytes(BLOCK_OCTETS), content.subarray(start, end)]),
    );
    yield changed((content) => content.subarray(0, end));
  }
  yield changed(() => Buffer.of());
  yield changed((content) => content.subarray(1));
  yield editEnvelope(payload, withWrappedKey(withFlippedOctet(0)));
  yield editEnvelope(
    payload,
    withWrappedKey((key) => key.subarray(8)),
  );
}

/** A payload in CBC that is changed in its middle, so that it begins and ends as it did. */
export function* changesWithin(payload: Uint8Array): Generator<Uint8Array> {
  const octets = encryptedContentOfPayload(payload).length;
  for (let at = 4 * BLOCK_OCTETS; at < octets - 3 * BLOCK_OCTETS; at += 3 * BLOCK_OCTETS) {
    yield editEnvelope(payload, withEncryptedContent(withFlippedOctet(at)));
  }
}

/** Payloads that somebody encrypted themselves, of which nothing can be made. */
export function* rubbishFor(
  recipientKey: SessionKey,
  plaintexts: readonly Uint8Array[],
): Generator<Uint8Array> {
  const seal = (
    plaintext: Uint8Array,
    key: SessionKey,
    cipher: ContentCipher = 'aes-128-cbc',
    senderKey: SessionKeyPair = generateSessionKey(),
  ) => encryptForSession(plaintext, { recipientKey: key, senderKey, cipher });
  for (const plaintext of plaintexts) {
    yield seal(plaintext, recipientKey);
    yield seal(plaintext, recipientKey, 'aes-256-gcm');
    yield seal(plaintext, generateSessionKey());
    yield seal(plaintext, { ...recipientKey, id: randomBytes(recipientKey.id.length) });
  }
  const gcm = seal(plaintexts[0] ?? Buffer.of(), recipientKey, 'aes-256-gcm');
  yield editEnvelope(gcm, withEncryptedContent(withFlippedOctet(-1)));
  const elsewhere = generateSessionKey('secp384r1');
  yield seal(Buffer.of(), { ...elsewhere, id: recipientKey.id }, 'aes-128-cbc', elsewhere);
}

function encryptedContentOfPayload(payload: Uint8Array): Uint8Array {
  let content: Uint8Array = new Uint8Array();
  editEnvelope(payload, (envelope) => {
    content = encryptedContentOf(envelope);
  });
  return content;
}
