import { join } from 'node:path';
import type { KeyVault } from '#key-vault/port.ts';
import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { choice, text } from '#runtime/configuration/variables.ts';
import { dataFolder, KEYS_FOLDER } from './data-folder.ts';
import type { Foundations } from './foundations.ts';

const meaning = 'what holds the identity key';
const KINDS = ['local', 'google-kms'] as const;

const CRYPTO_KEY = 'projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+';

const groups = {
  local: { folder: dataFolder },
  'google-kms': {
    identityKeyVersion: text('KMS_IDENTITY_KEY_VERSION', {
      meaning: 'the identity key in Cloud KMS: a version of an RSA_SIGN_PSS_2048_SHA256 key',
      pattern: new RegExp(`^${CRYPTO_KEY}/cryptoKeyVersions/\\d+$`),
      format: 'like projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/1',
    }),
    sealingKey: text('KMS_SEALING_KEY', {
      meaning: 'the symmetric key in Cloud KMS that wraps data keys',
      pattern: new RegExp(`^${CRYPTO_KEY}$`),
      format: 'like projects/…/locations/…/keyRings/…/cryptoKeys/…',
    }),
    emulatorAddress: text('KMS_EMULATOR_HOST', {
      meaning: 'host:port of a server with the API of Cloud KMS, without TLS',
      default: null,
    }),
  },
};

/** For the gateway in one process. */
export const keyVault = variant(choice('KEY_VAULT', KINDS, { meaning, default: 'local' }), groups);

/** For a service; several on one machine may share a local vault. */
export const sharedKeyVault = variant(choice('KEY_VAULT', KINDS, { meaning }), groups);

/** Which vault to open. */
export type KeyVaultConfig = Values<typeof keyVault>;

/**
 * Opens the configured vault.
 *
 * @throws {LocalVaultError} if the keys in the data folder cannot be used
 */
export async function openKeyVault(
  config: KeyVaultConfig,
  foundations: Foundations,
): Promise<KeyVault> {
  const { clock, log, deadlineMs } = foundations;
  if (config.kind === 'google-kms') {
    const { GoogleKmsVault } = await import('#key-vault/google-kms/key-vault.ts');
    return foundations.use(new GoogleKmsVault({ ...config, clock, deadlineMs }));
  }
  const { ownFolder } = await import('#backing/owner-only.ts');
  await ownFolder(config.folder);
  const { openLocalKeyVault } = await import('#key-vault/local/key-vault.ts');
  return foundations.use(
    await openLocalKeyVault({ folder: join(config.folder, KEYS_FOLDER), log }),
  );
}
