/** EnvelopedData that no honest node would write, to see it refused. */
import assert from 'node:assert/strict';
import { fromBER, ObjectIdentifier, OctetString } from 'asn1js';
import { ContentInfo, EnvelopedData, type KeyAgreeRecipientInfo } from 'pkijs';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import type { ContentCipher } from '#awala/cms/session-algorithms.ts';
import { generateSessionKey, type SessionKey } from '#awala/sessions/session-key.ts';

export type EnvelopeEdit = (envelope: EnvelopedData) => void;

/** Takes an envelope apart with PKI.js, and puts it together again after `edit`. */
export function editEnvelope(octets: Uint8Array, edit: EnvelopeEdit): Uint8Array {
  const contentInfo = new ContentInfo({ schema: fromBER(new Uint8Array(octets).buffer).result });
  const envelope = new EnvelopedData({ schema: contentInfo.content });
  edit(envelope);
  const { contentType } = contentInfo;
  const result = new ContentInfo({ contentType, content: envelope.toSchema() });
  return new Uint8Array(result.toSchema().toBER());
}

export function agreementOf(envelope: EnvelopedData): KeyAgreeRecipientInfo {
  return envelope.recipientInfos[0]?.value as KeyAgreeRecipientInfo;
}

/** Changes the content key as it is wrapped for its recipient. */
export function withWrappedKey(change: (key: Uint8Array) => Uint8Array): EnvelopeEdit {
  return (envelope) => {
    const [recipient] = agreementOf(envelope).recipientEncryptedKeys.encryptedKeys;
    assert.ok(recipient);
    const key = recipient.encryptedKey.valueBlock.valueHexView;
    recipient.encryptedKey = new OctetString({ valueHex: change(key) });
  };
}

export function encryptedContentOf(envelope: EnvelopedData): Uint8Array {
  return new Uint8Array(envelope.encryptedContentInfo.getEncryptedContent());
}

/** Changes the ciphertext; that of GCM ends with its tag of 16 octets. */
export function withEncryptedContent(change: (content: Uint8Array) => Uint8Array): EnvelopeEdit {
  return (envelope) => {
    const content = new OctetString({ valueHex: change(encryptedContentOf(envelope)) });
    envelope.encryptedContentInfo.encryptedContent = content;
  };
}

/** Changes the first block of what CBC decrypts, as anybody can: octet by octet, by what is XORed with it. */
export function withFirstBlockChanged(change: Uint8Array): EnvelopeEdit {
  return (envelope) => {
    const algorithm = envelope.encryptedContentInfo.contentEncryptionAlgorithm;
    const vector: Uint8Array = algorithm.algorithmParams.valueBlock.valueHexView;
    const changed = vector.map((octet, index) => octet ^ (change[index] ?? 0));
    algorithm.algorithmParams = new OctetString({ valueHex: changed });
  };
}

export const withShortVector: EnvelopeEdit = (envelope) => {
  const algorithm = envelope.encryptedContentInfo.contentEncryptionAlgorithm;
  algorithm.algorithmParams = new OctetString({ valueHex: new ArrayBuffer(15) });
};

export const withTwoRecipients: EnvelopeEdit = (envelope) => {
  envelope.recipientInfos.push(...envelope.recipientInfos);
};

export const withoutOriginatorKeyId: EnvelopeEdit = (envelope) => {
  delete envelope.unprotectedAttrs;
};

export const withPointOffItsCurve: EnvelopeEdit = (envelope) => {
  agreementOf(envelope).originator.value.publicKey.valueBlock.valueHexView[40] ^= 1;
};

/** On secp256k1, which RS-018 does not allow. */
export const onForbiddenCurve: EnvelopeEdit = (envelope) => {
  const parameters = new ObjectIdentifier({ value: '1.3.132.0.10' });
  agreementOf(envelope).originator.value.algorithm.algorithmParams = parameters;
};

export const agreedWithSha1: EnvelopeEdit = (envelope) => {
  agreementOf(envelope).keyEncryptionAlgorithm.algorithmId = '1.3.133.16.840.63.0.2';
};

export const encryptedWith3Des: EnvelopeEdit = (envelope) => {
  envelope.encryptedContentInfo.contentEncryptionAlgorithm.algorithmId = '1.2.840.113549.3.7';
};

export function withFlippedOctet(at: number): (octets: Uint8Array) => Uint8Array {
  return (octets) => Uint8Array.from(octets).with(at, (octets.at(at) ?? 0) ^ 1);
}

/** A payload that cannot be read, and why it is refused. */
export interface UnreadablePayload {
  readonly octets: Uint8Array;
  readonly reason: 'decryption' | 'malformed' | 'algorithm';
}

/**
 * Payloads that are wrong in one way each, by what is wrong with them.
 *
 * @param plaintext - would be right
 * @param recipientKey - that of a gateway, on P-256
 * @param foreignKey - the same gateway's, but for another peer
 */
export function unreadablePayloads(
  plaintext: Uint8Array,
  { recipientKey, foreignKey }: { recipientKey: SessionKey; foreignKey: SessionKey },
): Record<string, UnreadablePayload> {
  const senderKey = generateSessionKey();
  const sealed = (key: SessionKey, cipher: ContentCipher = 'aes-128-cbc') =>
    encryptForSession(plaintext, { recipientKey: key, senderKey, cipher });
  const [cbc, gcm] = [sealed(recipientKey), sealed(recipientKey, 'aes-256-gcm')];
  const otherCurve = generateSessionKey('secp384r1');
  const onOtherCurve = encryptForSession(plaintext, {
    recipientKey: { id: recipientKey.id, publicKey: otherCurve.publicKey },
    senderKey: generateSessionKey('secp384r1'),
  });
  const undecryptable = {
    'for a session key that nobody has': sealed(generateSessionKey()),
    'for a session key that is another peer’s': sealed(foreignKey),
    'agreed on another curve than the session key’s': onOtherCurve,
    'with a wrapped key that is too short': editEnvelope(cbc, withWrappedKey(cutBy(8))),
    'with a wrapped key that is empty': editEnvelope(
      cbc,
      withWrappedKey(() => Buffer.of()),
    ),
    'with a wrapped key that is too long': editEnvelope(
      cbc,
      withWrappedKey((key) => Buffer.concat([key, key.subarray(0, 8)])),
    ),
    'with a wrapped key that was changed': editEnvelope(cbc, withWrappedKey(withFlippedOctet(0))),
    'with a CBC ciphertext that was cut': editEnvelope(cbc, withEncryptedContent(cutBy(1))),
    'with a GCM ciphertext that was cut': editEnvelope(gcm, withEncryptedContent(cutBy(1))),
    'with a GCM ciphertext shorter than a tag': editEnvelope(
      gcm,
      withEncryptedContent((content) => content.subarray(0, 7)),
    ),
    'without ciphertext': editEnvelope(
      cbc,
      withEncryptedContent(() => Buffer.of()),
    ),
    'with a GCM ciphertext that was changed': editEnvelope(
      gcm,
      withEncryptedContent(withFlippedOctet(0)),
    ),
    'with a wrong GCM tag': editEnvelope(gcm, withEncryptedContent(withFlippedOctet(-1))),
    'with an initialisation vector that is too short': editEnvelope(cbc, withShortVector),
  };
  const malformed = {
    'that is not encrypted': plaintext,
    'that is empty': new Uint8Array(),
    'that was cut': cbc.subarray(0, -1),
    'that is followed by an octet': Buffer.concat([cbc, Buffer.of(0)]),
    'for two recipients': editEnvelope(cbc, withTwoRecipients),
    'without the id of its sender’s key': editEnvelope(cbc, withoutOriginatorKeyId),
    'agreed with a point that is not on its curve': editEnvelope(cbc, withPointOffItsCurve),
  };
  const forbidden = {
    'agreed on a curve that is not allowed': editEnvelope(cbc, onForbiddenCurve),
    'whose keys are derived with SHA-1': editEnvelope(cbc, agreedWithSha1),
    'encrypted with 3DES': editEnvelope(cbc, encryptedWith3Des),
  };
  return {
    ...because('decryption', undecryptable),
    ...because('malformed', malformed),
    ...because('algorithm', forbidden),
  };
}

function because(
  reason: UnreadablePayload['reason'],
  payloads: Record<string, Uint8Array>,
): Record<string, UnreadablePayload> {
  const entries = Object.entries(payloads);
  return Object.fromEntries(entries.map(([what, octets]) => [what, { octets, reason }]));
}

function cutBy(octets: number): (value: Uint8Array) => Uint8Array {
  return (value) => value.subarray(0, -octets);
}
