import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Null, OctetString } from 'asn1js';
import fc from 'fast-check';
import {
  agreedWithSha1,
  agreementOf,
  type EnvelopeEdit,
  editEnvelope,
  encryptedContentOf,
  encryptedWith3Des,
  onForbiddenCurve,
  withEncryptedContent,
  withFirstBlockChanged,
  withFlippedOctet,
  withoutOriginatorKeyId,
  withPointOffItsCurve,
  withShortVector,
  withTwoRecipients,
  withWrappedKey,
} from '#test/builders/crafted-envelopes.ts';
import { InvalidMessageError, MalformedMessageError, MessageFault } from '../errors.ts';
import { generateSessionKey, type SessionCurve } from '../sessions/session-key.ts';
import { readEnvelopedData } from './enveloped-data.ts';
import { encryptForSession } from './enveloped-data-writer.ts';
import type { ContentCipher } from './session-algorithms.ts';

const recipientKey = generateSessionKey();
const senderKey = generateSessionKey();
const plaintext = Buffer.from('What the eye does not see, the heart does not grieve over');

const CIPHERS: readonly ContentCipher[] = [
  'aes-128-cbc',
  'aes-192-cbc',
  'aes-256-cbc',
  'aes-128-gcm',
  'aes-192-gcm',
  'aes-256-gcm',
];
const CURVES: readonly SessionCurve[] = ['prime256v1', 'secp384r1', 'secp521r1'];

describe('EnvelopedData', () => {
  for (const cipher of CIPHERS) {
    it(`decrypts what was encrypted with ${cipher}`, () => {
      for (const curve of CURVES) {
        const [recipient, sender] = [generateSessionKey(curve), generateSessionKey(curve)];
        for (const octets of [0, 1, 16, 131_072, 200_000]) {
          const content = randomBytes(octets);
          const read = readEnvelopedData(
            encryptForSession(content, { recipientKey: recipient, senderKey: sender, cipher }),
          );
          assert.equal(read.cipher, cipher);
          assert.deepEqual(Buffer.from(read.recipientKeyId), recipient.id);
          assert.deepEqual(Buffer.from(read.originatorKey.id), sender.id);
          assert.deepEqual(Buffer.from(read.originatorKey.publicKey), sender.publicKey);
          assert.ok(content.equals(read.decrypt(recipient.privateKey)));
        }
      }
    });
  }

  it('takes off every padding of RFC 5652, and no other', () => {
    const sealed = encryptForSession(Buffer.alloc(15), { recipientKey, senderKey });
    const decrypted = (wanted: Uint8Array) => {
      // Fifteen zeros and a padding of 1 are what is there.
      const change = Uint8Array.from(wanted, (octet, at) => octet ^ (at === 15 ? 1 : 0));
      const octets = editEnvelope(sealed, withFirstBlockChanged(change));
      return readEnvelopedData(octets).attempt(recipientKey.privateKey);
    };
    for (let added = 0; added < 256; added++) {
      const right = Buffer.alloc(16, 0xaa).fill(added, 16 - Math.min(added, 16));
      right[15] = added;
      const isRight = added >= 1 && added <= 16;
      const { octets, isSound } = decrypted(right);
      assert.equal(isSound, isRight, `${added}`);
      assert.equal(octets.length, isRight ? 16 - added : 16);
      for (let at = 16 - (isRight ? added : 0); at < 15; at++) {
        const wrong = Buffer.from(right);
        wrong[at] = added ^ 0x80;
        assert.equal(decrypted(wrong).isSound, false, `${added} at ${at}`);
      }
    }
  });

  it('does not tell a missing key from a wrong one but by saying that nothing is sound', () => {
    const read = readEnvelopedData(encrypted());
    assert.equal(read.attempt(null).isSound, false);
    assert.equal(read.attempt(generateSessionKey().privateKey).isSound, false);
    assert.equal(read.attempt(recipientKey.privateKey).isSound, true);
  });

  it('refuses to encrypt for a key on another curve than the sender’s', () => {
    const other = generateSessionKey('secp384r1');
    assert.throws(
      () => encryptForSession(plaintext, { recipientKey: other, senderKey }),
      invalid('algorithm'),
    );
  });

  it('joins a ciphertext that comes in pieces', () => {
    const inPieces = editEnvelope(encrypted(), (envelope) => {
      const content = encryptedContentOf(envelope);
      const pieces = [content.subarray(0, 5), content.subarray(5, 5), content.subarray(5)];
      envelope.encryptedContentInfo.encryptedContent = new OctetString({
        isConstructed: true,
        value: pieces.map((piece) => new OctetString({ valueHex: piece })),
      });
    });
    const read = readEnvelopedData(inPieces);
    assert.deepEqual(read.decrypt(recipientKey.privateKey), plaintext);
  });

  it('infers the curve of an originator key that does not name it', () => {
    for (const parameters of [undefined, new Null()]) {
      const read = readEnvelopedData(
        editEnvelope(encrypted(), (envelope) => {
          agreementOf(envelope).originator.value.algorithm.algorithmParams = parameters;
        }),
      );
      assert.deepEqual(Buffer.from(read.originatorKey.publicKey), senderKey.publicKey);
      assert.deepEqual(read.decrypt(recipientKey.privateKey), plaintext);
    }
  });

  it('reads GCM parameters that are a bare nonce', () => {
    // Only the form differs: PKI.js would write the same nonce.
    const read = readEnvelopedData(
      editEnvelope(encrypted('aes-128-gcm'), (envelope) => {
        const algorithm = envelope.encryptedContentInfo.contentEncryptionAlgorithm;
        algorithm.algorithmParams = algorithm.algorithmParams.valueBlock.value[0];
      }),
    );
    assert.deepEqual(read.decrypt(recipientKey.privateKey), plaintext);
  });

  describe('gives one answer to all that cannot be decrypted', () => {
    const otherCurve = generateSessionKey('secp384r1');
    const cases: Record<string, () => unknown> = {
      'another private key': () =>
        readEnvelopedData(encrypted()).decrypt(generateSessionKey().privateKey),
      'a private key on another curve': () =>
        readEnvelopedData(encrypted()).decrypt(otherCurve.privateKey),
      'a private key that is no session key': () =>
        readEnvelopedData(encrypted()).decrypt(generateKeyPairSync('x25519').privateKey),
      'a wrapped key that is too short': () =>
        decryptEdited(withWrappedKey((key) => key.subarray(8))),
      'a wrapped key that is too long': () =>
        decryptEdited(withWrappedKey((key) => Buffer.concat([key, key]))),
      'a wrapped key that is empty': () => decryptEdited(withWrappedKey(() => Buffer.of())),
      'a wrapped key that was changed': () =>
        decryptEdited(withWrappedKey((key) => Buffer.from(key.map((octet) => octet ^ 1)))),
      'a ciphertext that was cut': () =>
        decryptEdited(withEncryptedContent((content) => content.subarray(1))),
      'a ciphertext that is empty': () => decryptEdited(withEncryptedContent(() => Buffer.of())),
      'an initialisation vector that is too short': () => decryptEdited(withShortVector),
      'a GCM ciphertext that was changed': () =>
        decryptEdited(withEncryptedContent(withFlippedOctet(0)), 'aes-256-gcm'),
      'a GCM tag that was changed': () =>
        decryptEdited(withEncryptedContent(withFlippedOctet(-1)), 'aes-256-gcm'),
      'a GCM ciphertext shorter than its tag': () =>
        decryptEdited(
          withEncryptedContent((content) => content.subarray(0, 7)),
          'aes-256-gcm',
        ),
    };
    for (const [name, attempt] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof InvalidMessageError);
          assert.equal(error.code, 'decryption');
          assert.equal(error.message, 'Payload cannot be decrypted');
          assert.equal(error.cause, undefined);
          return true;
        });
      });
    }
  });

  describe('is refused as malformed', () => {
    const cases: Record<string, () => Uint8Array> = {
      'if it is empty': () => Buffer.of(),
      'if it is cut': () => encrypted().subarray(0, -1),
      'if octets follow': () => Buffer.concat([encrypted(), Buffer.of(0)]),
      'if it has two recipients': () => editEnvelope(encrypted(), withTwoRecipients),
      'if it has no recipient': () =>
        editEnvelope(encrypted(), (envelope) => {
          envelope.recipientInfos = [];
        }),
      'if it has no attributes': () => editEnvelope(encrypted(), withoutOriginatorKeyId),
      'if its keying material is endless': () =>
        editEnvelope(encrypted(), (envelope) => {
          agreementOf(envelope).ukm = new OctetString({ valueHex: new ArrayBuffer(1_025) });
        }),
      'if it does not name the originator key': () =>
        editEnvelope(encrypted(), (envelope) => {
          for (const attribute of envelope.unprotectedAttrs ?? []) {
            attribute.type = '1.2.3.4';
          }
        }),
      'if the point of the originator key is not on its curve': () =>
        editEnvelope(encrypted(), withPointOffItsCurve),
    };
    for (const [name, octets] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(() => readEnvelopedData(octets()), MalformedMessageError);
      });
    }
  });

  describe('is refused for its algorithm', () => {
    const cases: Record<string, EnvelopeEdit> = {
      'if keys are derived with SHA-1': agreedWithSha1,
      'if keys are wrapped with 3DES': (envelope) => {
        const [wrap] =
          agreementOf(envelope).keyEncryptionAlgorithm.algorithmParams.valueBlock.value;
        wrap.setValue('1.2.840.113549.1.9.16.3.6');
      },
      'if the content is encrypted with 3DES': encryptedWith3Des,
      'if the originator key is on another curve': onForbiddenCurve,
    };
    for (const [name, edit] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(
          () => readEnvelopedData(editEnvelope(encrypted(), edit)),
          invalid('algorithm'),
        );
      });
    }
  });

  it('answers every mutation with one of our errors', () => {
    const original = encrypted();
    const position = fc.nat({ max: original.length - 1 });
    const property = fc.property(position, fc.nat({ max: 255 }), (index, octet) => {
      const mutated = Uint8Array.from(original);
      mutated[index] = octet;
      try {
        readEnvelopedData(mutated).decrypt(recipientKey.privateKey);
      } catch (error) {
        const isOurs = error instanceof MessageFault;
        assert.ok(isOurs, `${error}`);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});

function encrypted(cipher: ContentCipher = 'aes-128-cbc'): Uint8Array {
  return encryptForSession(plaintext, { recipientKey, senderKey, cipher });
}

function decryptEdited(edit: EnvelopeEdit, cipher?: ContentCipher): Uint8Array {
  return readEnvelopedData(editEnvelope(encrypted(cipher), edit)).decrypt(recipientKey.privateKey);
}

function invalid(code: InvalidMessageError['code']) {
  return (error: unknown) => error instanceof InvalidMessageError && error.code === code;
}
