import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { crc32c } from '#backing/crc32c.ts';
import type { KmsFaults } from './faults.ts';
import { type KeyRings, KmsRefusal, type Purpose } from './key-rings.ts';

interface Checksum {
  readonly value: string | number;
}

/** The union of the fields that the methods below read from their requests. */
export interface KmsRequest {
  readonly name: string;
  readonly parent: string;
  readonly keyRingId: string;
  readonly cryptoKeyId: string;
  readonly cryptoKey?: { readonly purpose: Purpose };
  readonly skipInitialVersionCreation: boolean;
  readonly digest?: { readonly sha256?: Uint8Array };
  readonly digestCrc32c?: Checksum | null;
  readonly data: Uint8Array;
  readonly dataCrc32c?: Checksum | null;
  readonly plaintext: Uint8Array;
  readonly plaintextCrc32c?: Checksum | null;
  readonly ciphertext: Uint8Array;
  readonly ciphertextCrc32c?: Checksum | null;
  readonly additionalAuthenticatedData: Uint8Array;
  readonly additionalAuthenticatedDataCrc32c?: Checksum | null;
}

export type KmsMethod = (request: KmsRequest) => object;

/** The methods of `google.cloud.kms.v1.KeyManagementService` that the gateway uses. */
export function kmsMethods(rings: KeyRings, faults: KmsFaults): Record<string, KmsMethod> {
  return { ...administration(rings), ...signing(rings, faults), ...wrapping(rings, faults) };
}

function administration(rings: KeyRings): Record<string, KmsMethod> {
  const describeKey = (name: string) => {
    const { purpose, versions } = rings.key(name);
    return { name, purpose, primary: describeVersion(versions.at(-1)?.name ?? '') };
  };
  const describeVersion = (name: string) => ({ name, state: 'ENABLED' });
  return {
    CreateKeyRing({ parent, keyRingId }) {
      const name = `${parent}/keyRings/${keyRingId}`;
      rings.createRing(name);
      return { name };
    },
    GetKeyRing({ name }) {
      rings.assertRing(name);
      return { name };
    },
    CreateCryptoKey({ parent, cryptoKeyId, cryptoKey, skipInitialVersionCreation }) {
      const name = `${parent}/cryptoKeys/${cryptoKeyId}`;
      rings.createKey(name, cryptoKey?.purpose ?? 'ENCRYPT_DECRYPT', !skipInitialVersionCreation);
      return describeKey(name);
    },
    GetCryptoKey: ({ name }) => describeKey(name),
    CreateCryptoKeyVersion: ({ parent }) => describeVersion(rings.createVersion(parent).name),
    GetCryptoKeyVersion: ({ name }) => describeVersion(rings.version(name).name),
    ListCryptoKeyVersions({ parent }) {
      const cryptoKeyVersions = rings.key(parent).versions.map(({ name }) => describeVersion(name));
      return { cryptoKeyVersions, totalSize: cryptoKeyVersions.length };
    },
  };
}

function signing(rings: KeyRings, faults: KmsFaults): Record<string, KmsMethod> {
  return {
    GetPublicKey({ name }) {
      const { publicPem } = rings.version(name);
      const pemCrc32c = checksum(Buffer.from(publicPem));
      const algorithm = faults.signingAlgorithm;
      return { name, pem: damaged(publicPem, faults), pemCrc32c, algorithm };
    },
    AsymmetricSign({ name, digest, digestCrc32c, data, dataCrc32c }) {
      const given = digest?.sha256;
      const verifiedDigest = given !== undefined && isIntact(given, digestCrc32c);
      const verifiedData = given === undefined && isIntact(data, dataCrc32c);
      const signature = rings.sign(name, given ?? createHash('sha256').update(data).digest());
      return {
        name,
        signature: damaged(signature, faults),
        signatureCrc32c: checksum(signature),
        verifiedDigestCrc32c: verifiedDigest && !faults.denyVerification,
        verifiedDataCrc32c: verifiedData && !faults.denyVerification,
      };
    },
  };
}

function wrapping(rings: KeyRings, faults: KmsFaults): Record<string, KmsMethod> {
  return {
    Encrypt(request) {
      const { plaintext, additionalAuthenticatedData } = request;
      const verifiedPlaintext = isIntact(plaintext, request.plaintextCrc32c);
      const verifiedAdditional = isIntact(
        additionalAuthenticatedData,
        request.additionalAuthenticatedDataCrc32c,
      );
      const [name, ciphertext] = rings.encrypt(
        request.name,
        plaintext,
        additionalAuthenticatedData,
      );
      return {
        name,
        ciphertext: damaged(ciphertext, faults),
        ciphertextCrc32c: checksum(ciphertext),
        verifiedPlaintextCrc32c: verifiedPlaintext && !faults.denyVerification,
        verifiedAdditionalAuthenticatedDataCrc32c: verifiedAdditional && !faults.denyVerification,
      };
    },
    Decrypt(request) {
      const { name, ciphertext, additionalAuthenticatedData } = request;
      isIntact(ciphertext, request.ciphertextCrc32c);
      isIntact(additionalAuthenticatedData, request.additionalAuthenticatedDataCrc32c);
      const plaintext = rings.decrypt(name, ciphertext, additionalAuthenticatedData);
      return { plaintext: damaged(plaintext, faults), plaintextCrc32c: checksum(plaintext) };
    },
  };
}

/** @returns false without a checksum. @throws {KmsRefusal} if the checksum is wrong */
function isIntact(data: Uint8Array, stated: Checksum | null | undefined): boolean {
  if (!stated) {
    return false;
  }
  if (Number(stated.value) !== crc32c(data)) {
    throw new KmsRefusal(status.INVALID_ARGUMENT, 'The checksum does not match the data.');
  }
  return true;
}

function checksum(data: Uint8Array): { value: number } {
  return { value: crc32c(data) };
}

function damaged<T extends string | Uint8Array>(value: T, faults: KmsFaults): string | Uint8Array {
  if (!faults.corruptAnswers) {
    return value;
  }
  return typeof value === 'string' ? value.toLowerCase() : value.map((octet) => octet ^ 1);
}
