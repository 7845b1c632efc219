import { callOptions, openKmsClient } from './kms-client.ts';

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const TIMEOUT_MS = 10_000;

const CRYPTO_KEY =
  /^(?<place>projects\/[^/]+\/locations\/[^/]+)\/keyRings\/(?<ring>[^/]+)\/cryptoKeys\/(?<key>[^/]+)/;

type KeyTemplate =
  | {
      readonly purpose: 'ASYMMETRIC_SIGN';
      readonly versionTemplate: { readonly algorithm: 'RSA_SIGN_PSS_2048_SHA256' };
    }
  | { readonly purpose: 'ENCRYPT_DECRYPT' };

const IDENTITY: KeyTemplate = {
  purpose: 'ASYMMETRIC_SIGN',
  versionTemplate: { algorithm: 'RSA_SIGN_PSS_2048_SHA256' },
};
const SEALING: KeyTemplate = { purpose: 'ENCRYPT_DECRYPT' };

interface NamedKeys {
  /** Resource name of a key version; a new key starts with version 1. */
  readonly identityKeyVersion: string;
  /** Resource name of a key. */
  readonly sealingKey: string;
  /** `host:port` of an emulator. */
  readonly emulatorAddress?: string | null;
}

/**
 * Creates the named keys and their key rings where missing. Safe to run concurrently. A new
 * identity key may take some seconds until it can be used.
 *
 * @throws the error of Cloud KMS
 */
export async function createNamedKeys(keys: NamedKeys): Promise<void> {
  const client = await openKmsClient(keys.emulatorAddress);
  const options = callOptions(TIMEOUT_MS);
  const create = async (name: string, cryptoKey: KeyTemplate) => {
    const { place = '', ring = '', key = '' } = CRYPTO_KEY.exec(name)?.groups ?? {};
    const keyRing = `${place}/keyRings/${ring}`;
    await unlessThere(client.createKeyRing({ parent: place, keyRingId: ring }, options));
    const request = { parent: keyRing, cryptoKeyId: key, cryptoKey };
    await unlessThere(client.createCryptoKey(request, options));
  };
  try {
    await create(keys.identityKeyVersion, IDENTITY);
    await create(keys.sealingKey, SEALING);
  } finally {
    await client.close();
  }
}

/**
 * Whether the vault failed because a key does not exist, rather than because Cloud KMS is
 * unavailable.
 */
export function isKeyMissing(error: unknown): boolean {
  return error instanceof Error && (codeOf(error) === NOT_FOUND || isKeyMissing(error.cause));
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (codeOf(error) !== ALREADY_EXISTS) {
      throw error;
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
