import { callOptions, openKmsClient } from './kms-client.ts';

const ALREADY_EXISTS = 6;
const TIMEOUT_MS = 10_000;

export interface KeyRingPlace {
  readonly project: string;
  /** Such as `europe-west3`. */
  readonly location: string;
  readonly keyRing: string;
  /** Keys in hardware security modules. @default 'SOFTWARE' */
  readonly protectionLevel?: 'SOFTWARE' | 'HSM';
  /** `host:port` of an emulator. */
  readonly emulatorAddress?: string;
}

export interface ProvisionedKeys {
  readonly identityKeyVersion: string;
  readonly sealingKey: string;
}

/**
 * Creates what is missing of the key ring, its `identity` key with a first version, and its `sealing` key;
 * leaves what is there. Safe to run twice at once.
 *
 * @returns the names that {@link import('./options.ts').GoogleKmsOptions} takes
 */
export async function provisionKeys(place: KeyRingPlace): Promise<ProvisionedKeys> {
  const client = await openKmsClient(place.emulatorAddress);
  const options = callOptions(TIMEOUT_MS);
  const parent = `projects/${place.project}/locations/${place.location}`;
  const ring = `${parent}/keyRings/${place.keyRing}`;
  const protectionLevel = place.protectionLevel ?? 'SOFTWARE';
  try {
    await unlessThere(client.createKeyRing({ parent, keyRingId: place.keyRing }, options));
    const signing = { protectionLevel, algorithm: 'RSA_SIGN_PSS_2048_SHA256' } as const;
    await unlessThere(
      client.createCryptoKey(
        {
          parent: ring,
          cryptoKeyId: 'identity',
          cryptoKey: { purpose: 'ASYMMETRIC_SIGN', versionTemplate: signing },
        },
        options,
      ),
    );
    const wrapping = { protectionLevel, algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' } as const;
    await unlessThere(
      client.createCryptoKey(
        {
          parent: ring,
          cryptoKeyId: 'sealing',
          cryptoKey: { purpose: 'ENCRYPT_DECRYPT', versionTemplate: wrapping },
        },
        options,
      ),
    );
  } finally {
    await client.close();
  }
  return {
    identityKeyVersion: `${ring}/cryptoKeys/identity/cryptoKeyVersions/1`,
    sealingKey: `${ring}/cryptoKeys/sealing`,
  };
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === ALREADY_EXISTS)) {
      throw error;
    }
  }
}
