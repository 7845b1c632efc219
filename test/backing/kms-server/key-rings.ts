import {
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { signDigest } from './pss.ts';

/** A refusal, with the status that Cloud KMS gives. */
export class KmsRefusal extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = 'KmsRefusal';
    this.code = code;
  }
}

export type Purpose = 'ENCRYPT_DECRYPT' | 'ASYMMETRIC_SIGN';

interface Version {
  readonly name: string;
  readonly secret: KeyObject | Buffer;
  readonly publicPem: string;
}

interface Key {
  readonly name: string;
  readonly purpose: Purpose;
  readonly versions: Version[];
}

const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;

/** The keys of the server, by their full resource names. */
export class KeyRings {
  readonly #rings = new Set<string>();
  readonly #keys = new Map<string, Key>();

  createRing(name: string): void {
    if (this.#rings.has(name)) {
      throw new KmsRefusal(status.ALREADY_EXISTS, `KeyRing ${name} already exists.`);
    }
    this.#rings.add(name);
  }

  assertRing(name: string): void {
    if (!this.#rings.has(name)) {
      throw new KmsRefusal(status.NOT_FOUND, `KeyRing ${name} not found.`);
    }
  }

  createKey(name: string, purpose: Purpose, withVersion: boolean): Key {
    this.assertRing(name.slice(0, name.indexOf('/cryptoKeys/')));
    if (this.#keys.has(name)) {
      throw new KmsRefusal(status.ALREADY_EXISTS, `CryptoKey ${name} already exists.`);
    }
    const key: Key = { name, purpose, versions: [] };
    this.#keys.set(name, key);
    if (withVersion) {
      this.createVersion(name);
    }
    return key;
  }

  key(name: string): Key {
    const key = this.#keys.get(name);
    if (!key) {
      throw new KmsRefusal(status.NOT_FOUND, `CryptoKey ${name} not found.`);
    }
    return key;
  }

  createVersion(keyName: string): Version {
    const key = this.key(keyName);
    const name = `${keyName}/cryptoKeyVersions/${key.versions.length + 1}`;
    const version =
      key.purpose === 'ASYMMETRIC_SIGN' ? signingVersion(name) : wrappingVersion(name);
    key.versions.push(version);
    return version;
  }

  version(name: string): Version {
    const key = this.key(name.slice(0, name.indexOf('/cryptoKeyVersions/')));
    const version = key.versions.find((candidate) => candidate.name === name);
    if (!version) {
      throw new KmsRefusal(status.NOT_FOUND, `CryptoKeyVersion ${name} not found.`);
    }
    return version;
  }

  sign(versionName: string, digest: Uint8Array): Buffer {
    const { secret } = this.version(versionName);
    if (Buffer.isBuffer(secret) || digest.length !== createHash('sha256').digest().length) {
      throw new KmsRefusal(status.INVALID_ARGUMENT, 'The key cannot sign that.');
    }
    return signDigest(secret, digest);
  }

  encrypt(keyName: string, plaintext: Uint8Array, additional: Uint8Array): [string, Buffer] {
    const version = this.key(keyName).versions.at(-1);
    if (!version || !Buffer.isBuffer(version.secret)) {
      throw new KmsRefusal(status.FAILED_PRECONDITION, `${keyName} cannot encrypt.`);
    }
    const nonce = randomBytes(NONCE_OCTETS);
    const cipher = createCipheriv('aes-256-gcm', version.secret, nonce).setAAD(additional);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return [version.name, Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])];
  }

  decrypt(keyName: string, ciphertext: Uint8Array, additional: Uint8Array): Buffer {
    for (const { secret } of this.key(keyName).versions) {
      const plaintext = Buffer.isBuffer(secret) ? open(secret, ciphertext, additional) : null;
      if (plaintext) {
        return plaintext;
      }
    }
    const message = 'Decryption failed: the ciphertext is invalid.';
    throw new KmsRefusal(status.INVALID_ARGUMENT, message);
  }
}

function signingVersion(name: string): Version {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' });
  return { name, secret: pair.privateKey, publicPem };
}

function wrappingVersion(name: string): Version {
  return { name, secret: randomBytes(32), publicPem: '' };
}

function open(secret: Buffer, sealed: Uint8Array, additional: Uint8Array): Buffer | null {
  const tagAt = sealed.length - TAG_OCTETS;
  if (tagAt < NONCE_OCTETS) {
    return null;
  }
  const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, NONCE_OCTETS), {
    authTagLength: TAG_OCTETS,
  });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(NONCE_OCTETS, tagAt));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return null;
  }
}
