import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { fromBER, Null, ObjectIdentifier, OctetString } from 'asn1js';
import fc from 'fast-check';
import {
  ContentInfo,
  type KeyAgreeRecipientInfo,
  EnvelopedData as PkijsEnvelopedData,
} from 'pkijs';
import { InvalidMessageError, MalformedMessageError } from '../errors.ts';
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

  it('refuses to encrypt for a key on another curve than the sender’s', () => {
    const other = generateSessionKey('secp384r1');
    assert.throws(
      () => encryptForSession(plaintext, { recipientKey: other, senderKey }),
      invalid('algorithm'),
    );
  });

  it('joins a ciphertext that comes in pieces', () => {
    const inPieces = edited(encrypted(), (envelope) => {
      const content = contentOf(envelope);
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
        edited(encrypted(), (envelope) => {
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
      edited(encrypted('aes-128-gcm'), (envelope) => {
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
        decryptEdited(withContent((content) => content.subarray(1))),
      'a ciphertext that is empty': () => decryptEdited(withContent(() => Buffer.of())),
      'an initialisation vector that is too short': () =>
        decryptEdited((envelope) => {
          const algorithm = envelope.encryptedContentInfo.contentEncryptionAlgorithm;
          algorithm.algorithmParams = new OctetString({ valueHex: new ArrayBuffer(15) });
        }),
      'a GCM ciphertext that was changed': () =>
        decryptEdited(withContent(flipFirst), 'aes-256-gcm'),
      'a GCM tag that was changed': () => decryptEdited(withContent(flipLast), 'aes-256-gcm'),
      'a GCM ciphertext shorter than its tag': () =>
        decryptEdited(
          withContent((content) => content.subarray(0, 7)),
          'aes-256-gcm',
        ),
    };
    for (const [name, attempt] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof InvalidMessageError);
          assert.equal(error.reason, 'decryption');
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
      'if it has two recipients': () =>
        edited(encrypted(), (envelope) => {
          envelope.recipientInfos.push(...envelope.recipientInfos);
        }),
      'if it has no recipient': () =>
        edited(encrypted(), (envelope) => {
          envelope.recipientInfos = [];
        }),
      'if it has no attributes': () =>
        edited(encrypted(), (envelope) => {
          delete envelope.unprotectedAttrs;
        }),
      'if its keying material is endless': () =>
        edited(encrypted(), (envelope) => {
          agreementOf(envelope).ukm = new OctetString({ valueHex: new ArrayBuffer(1_025) });
        }),
      'if it does not name the originator key': () =>
        edited(encrypted(), (envelope) => {
          for (const attribute of envelope.unprotectedAttrs ?? []) {
            attribute.type = '1.2.3.4';
          }
        }),
      'if the point of the originator key is not on its curve': () =>
        edited(encrypted(), (envelope) => {
          agreementOf(envelope).originator.value.publicKey.valueBlock.valueHexView[40] ^= 1;
        }),
    };
    for (const [name, octets] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(() => readEnvelopedData(octets()), MalformedMessageError);
      });
    }
  });

  describe('is refused for its algorithm', () => {
    const cases: Record<string, Edit> = {
      'if keys are derived with SHA-1': (envelope) => {
        agreementOf(envelope).keyEncryptionAlgorithm.algorithmId = '1.3.133.16.840.63.0.2';
      },
      'if keys are wrapped with 3DES': (envelope) => {
        const [wrap] =
          agreementOf(envelope).keyEncryptionAlgorithm.algorithmParams.valueBlock.value;
        wrap.setValue('1.2.840.113549.1.9.16.3.6');
      },
      'if the content is encrypted with 3DES': (envelope) => {
        envelope.encryptedContentInfo.contentEncryptionAlgorithm.algorithmId = '1.2.840.113549.3.7';
      },
      'if the originator key is on another curve': (envelope) => {
        agreementOf(envelope).originator.value.algorithm.algorithmParams = new ObjectIdentifier({
          value: '1.3.132.0.10',
        });
      },
    };
    for (const [name, edit] of Object.entries(cases)) {
      it(name, () => {
        assert.throws(() => readEnvelopedData(edited(encrypted(), edit)), invalid('algorithm'));
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
        const isOurs =
          error instanceof MalformedMessageError || error instanceof InvalidMessageError;
        assert.ok(isOurs, `${error}`);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});

type Edit = (envelope: PkijsEnvelopedData) => void;

function encrypted(cipher: ContentCipher = 'aes-128-cbc'): Uint8Array {
  return encryptForSession(plaintext, { recipientKey, senderKey, cipher });
}

function decryptEdited(edit: Edit, cipher?: ContentCipher): Uint8Array {
  return readEnvelopedData(edited(encrypted(cipher), edit)).decrypt(recipientKey.privateKey);
}

/** Takes an envelope apart with PKI.js, and puts it together again after `edit`. */
function edited(octets: Uint8Array, edit: Edit): Uint8Array {
  const contentInfo = new ContentInfo({ schema: parsed(octets) });
  const envelope = new PkijsEnvelopedData({ schema: contentInfo.content });
  edit(envelope);
  const result = new ContentInfo({
    contentType: contentInfo.contentType,
    content: envelope.toSchema(),
  });
  return new Uint8Array(result.toSchema().toBER());
}

function parsed(octets: Uint8Array) {
  return fromBER(new Uint8Array(octets).buffer).result;
}

function agreementOf(envelope: PkijsEnvelopedData): KeyAgreeRecipientInfo {
  return envelope.recipientInfos[0]?.value as KeyAgreeRecipientInfo;
}

function withWrappedKey(change: (key: Uint8Array) => Uint8Array): Edit {
  return (envelope) => {
    const [recipient] = agreementOf(envelope).recipientEncryptedKeys.encryptedKeys;
    assert.ok(recipient);
    const key = recipient.encryptedKey.valueBlock.valueHexView;
    recipient.encryptedKey = new OctetString({ valueHex: change(key) });
  };
}

function contentOf(envelope: PkijsEnvelopedData): Uint8Array {
  return new Uint8Array(envelope.encryptedContentInfo.getEncryptedContent());
}

function withContent(change: (content: Uint8Array) => Uint8Array): Edit {
  return (envelope) => {
    const content = new OctetString({ valueHex: change(contentOf(envelope)) });
    envelope.encryptedContentInfo.encryptedContent = content;
  };
}

function flipFirst(content: Uint8Array): Uint8Array {
  return content.map((octet, index) => (index === 0 ? octet ^ 1 : octet));
}

function flipLast(content: Uint8Array): Uint8Array {
  return content.map((octet, index) => (index === content.length - 1 ? octet ^ 1 : octet));
}

function invalid(reason: InvalidMessageError['reason']) {
  return (error: unknown) => error instanceof InvalidMessageError && error.reason === reason;
}
