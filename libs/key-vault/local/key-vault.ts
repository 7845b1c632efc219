import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Log } from '#log/log.ts';
import { type KeyVault, MAX_SECRET_OCTETS, SealBrokenError } from '../port.ts';
import { createKeyFile, prepareFolder, readKeyFile } from './key-files.ts';
import { LocalVaultError } from './local-vault-error.ts';
import { SEALING_KEY_OCTETS, Sealer } from './sealing.ts';

const IDENTITY_KEY_BITS = 2_048;
const SALT_OCTETS = 32;
const IDENTITY_CONTEXT = 'RSA PKCS #8';

// The callback forms run on libuv's threads and leave the event loop free.
const signInBackground = promisify(sign);
const generateInBackground = promisify(generateKeyPair);

/**
 * Opens the vault in `folder`, and creates an RSA identity key if there is none. Processes that do
 * so at once all get the same identity.
 *
 * The folder (mode 0700) holds `sealing.key`, random octets, and `identity.key.sealed`, the
 * identity key (PKCS #8) sealed under them; both have mode 0600 and are never replaced.
 *
 * @throws {LocalVaultError} if a file is open to others, damaged, missing or unreadable
 */
export async function openLocalKeyVault(options: {
  readonly folder: string;
  readonly log: Log;
}): Promise<KeyVault> {
  const { folder, log } = options;
  const paths = {
    sealingKey: join(folder, 'sealing.key'),
    identity: join(folder, 'identity.key.sealed'),
  };
  await prepareFolder(folder);
  const sealingKey = await obtainSealingKey(paths);
  const identitySealer = new Sealer(sealingKey, 'identity');
  const privateKey = await obtainIdentity(paths.identity, identitySealer, log);
  const secretsSealer = new Sealer(sealingKey, 'secrets');
  identitySealer.destroy();
  sealingKey.fill(0);
  return new LocalKeyVault(privateKey, secretsSealer);
}

class LocalKeyVault implements KeyVault {
  #keys: { readonly identity: KeyObject; readonly sealer: Sealer } | null;
  readonly #publicKey: Uint8Array;

  constructor(identity: KeyObject, sealer: Sealer) {
    this.#keys = { identity, sealer };
    this.#publicKey = createPublicKey(identity).export({ format: 'der', type: 'spki' });
  }

  async publicKey(): Promise<Uint8Array> {
    this.#open();
    return Uint8Array.from(this.#publicKey);
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const { identity } = this.#open();
    return signInBackground('sha256', data, {
      key: identity,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: SALT_OCTETS,
    });
  }

  async seal(secret: Uint8Array, context: string): Promise<Uint8Array> {
    const { sealer } = this.#open();
    if (secret.length > MAX_SECRET_OCTETS) {
      throw new RangeError(`a secret of ${secret.length} octets is over ${MAX_SECRET_OCTETS}`);
    }
    return sealer.seal(secret, context);
  }

  async unseal(sealed: Uint8Array, context: string): Promise<Uint8Array> {
    const secret = this.#open().sealer.unseal(sealed, context);
    if (!secret) {
      throw new SealBrokenError();
    }
    return secret;
  }

  async check(): Promise<void> {
    await this.sign(Buffer.from('check'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keys?.sealer.destroy();
    this.#keys = null;
  }

  #open() {
    if (!this.#keys) {
      throw new BackingUnavailableError('key-vault', 'closed');
    }
    return this.#keys;
  }
}

async function obtainSealingKey(paths: {
  readonly sealingKey: string;
  readonly identity: string;
}): Promise<Uint8Array> {
  let key = await readKeyFile(paths.sealingKey);
  if (!key) {
    const isOrphaned = (await readKeyFile(paths.identity)) !== null;
    // Another process may have created both files meanwhile.
    key = await readKeyFile(paths.sealingKey);
    if (!key && isOrphaned) {
      throw LocalVaultError.sealingKeyMissing(paths.sealingKey, paths.identity);
    }
  }
  if (!key) {
    await createKeyFile(paths.sealingKey, randomBytes(SEALING_KEY_OCTETS));
    key = await readKeyFile(paths.sealingKey);
  }
  if (key?.length !== SEALING_KEY_OCTETS) {
    const how = `it holds ${key?.length ?? 0} octets instead of ${SEALING_KEY_OCTETS}`;
    throw LocalVaultError.damaged(paths.sealingKey, how);
  }
  return key;
}

async function obtainIdentity(path: string, sealer: Sealer, log: Log): Promise<KeyObject> {
  const sealed = (await readKeyFile(path)) ?? (await createIdentity(path, sealer, log));
  const pkcs8 = sealer.unseal(sealed, IDENTITY_CONTEXT);
  if (!pkcs8) {
    const how = 'it was changed, or sealed under another sealing.key';
    throw LocalVaultError.damaged(path, how);
  }
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return key;
}

/** @returns the sealed identity key: this one, or that of a process that was faster */
async function createIdentity(path: string, sealer: Sealer, log: Log): Promise<Uint8Array> {
  const { privateKey } = await generateInBackground('rsa', { modulusLength: IDENTITY_KEY_BITS });
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = sealer.seal(pkcs8, IDENTITY_CONTEXT);
  pkcs8.fill(0);
  if (await createKeyFile(path, sealed)) {
    log.info({ path }, 'Created a new identity key');
    return sealed;
  }
  const winner = await readKeyFile(path);
  if (!winner) {
    throw LocalVaultError.damaged(path, 'it disappeared while it was read');
  }
  return winner;
}
