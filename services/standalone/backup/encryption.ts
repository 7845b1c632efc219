import { readFile } from 'node:fs/promises';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupError } from './backup-error.ts';

/** For whom a backup is encrypted, in the format of age (https://age-encryption.org/v1). */
export type Lock = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** Encrypts a backup, and can decrypt what it encrypted. */
export interface Sealer {
  encrypt(plain: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>>;
  decrypt(sealed: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>>;
}

/**
 * With recipients, the backup is also encrypted for a key that only this object has and forgets: so
 * a backup can be verified by a machine that cannot read it later.
 *
 * @throws {BackupError} if a recipient is none
 */
export async function sealerFor(lock: Lock): Promise<Sealer> {
  const encrypter = new Encrypter();
  const decrypter = new Decrypter();
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase);
    decrypter.addPassphrase(lock.passphrase);
  } else {
    const own = await generateX25519Identity();
    decrypter.addIdentity(own);
    encrypter.addRecipient(await identityToRecipient(own));
    for (const recipient of lock.recipients) {
      addRecipient(encrypter, recipient);
    }
  }
  return {
    encrypt: (plain) => encrypter.encrypt(plain),
    decrypt: (sealed) => decrypter.decrypt(sealed),
  };
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new BackupError(`“${recipient}” is no recipient of age, which looks like age1…`, {
      cause,
    });
  }
}

/** What opens a backup. */
export interface Keys {
  /** Lines `AGE-SECRET-KEY-1…`, as age-keygen writes them. */
  readonly identities: readonly string[];
  readonly passphrase: string | null;
}

/**
 * Decrypts a backup piece by piece: what comes is genuine, but only the end shows that nothing is
 * missing.
 *
 * @throws {BackupError} if these keys do not open it, or it is incomplete or altered
 */
export async function* decryptWith(
  keys: Keys,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = await openWith(keys, ReadableStream.from(sealed));
  try {
    yield* plain;
  } catch (cause) {
    throw cause instanceof BackupError
      ? cause
      : new BackupError('the backup is incomplete, or was altered', { cause });
  }
}

async function openWith(
  { identities, passphrase }: Keys,
  sealed: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) {
      decrypter.addIdentity(identity);
    }
    if (passphrase !== null) {
      decrypter.addPassphrase(passphrase);
    }
    return await decrypter.decrypt(sealed);
  } catch (cause) {
    if (cause instanceof BackupError) {
      throw cause;
    }
    throw new BackupError(
      'the backup does not open: it has another passphrase or key, or is no backup',
      { cause },
    );
  }
}

/** @throws {BackupError} if the file is empty or cannot be read */
export async function readPassphrase(path: string): Promise<string> {
  const text = await readSecret(path);
  const [passphrase = ''] = text.split(/\r?\n/);
  if (passphrase.length < LEAST_CHARACTERS) {
    throw new BackupError(`the passphrase in ${path} has under ${LEAST_CHARACTERS} characters`);
  }
  return passphrase;
}

/** Whoever has the backup can try passphrases at their leisure. */
const LEAST_CHARACTERS = 12;

/** @throws {BackupError} if there is no key in the file, or it cannot be read */
export async function readIdentities(path: string): Promise<readonly string[]> {
  const lines = (await readSecret(path)).split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length === 0) {
    throw new BackupError(`${path} has no line AGE-SECRET-KEY-…, as age-keygen writes it`);
  }
  return identities;
}

async function readSecret(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BackupError(`${path} cannot be read`, { cause });
  }
}
