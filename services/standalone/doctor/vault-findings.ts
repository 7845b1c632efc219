import { createPublicKey, randomBytes } from 'node:crypto';
import { verifyRsaPss } from '#awala/x509/rsa-pss.ts';
import type { KeyVaultConfig } from '#composition/key-vault.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { type Advice, type Finding, tried } from './finding.ts';
import { googleAdvice } from './google-advice.ts';

const VAULT_WHY = 'Nobody can register, and no courier can deliver or collect.';

/** Whether the identity key can sign, and secrets can be sealed. */
export async function vaultFindings(
  config: KeyVaultConfig,
  open: () => Promise<KeyVault>,
): Promise<Finding[]> {
  const identity = await tried(
    'identity key',
    async () => signAndVerify(await open()),
    config.kind === 'local' ? LOCAL_ADVICE : kmsAdvice(config.identityKeyVersion, SIGNER),
  );
  const sealing = await tried(
    'sealing key',
    async () => sealAndUnseal(await open()),
    config.kind === 'local' ? LOCAL_ADVICE : kmsAdvice(config.sealingKey, ENCRYPTER),
  );
  return [identity, sealing];
}

async function signAndVerify(vault: KeyVault): Promise<string> {
  const spki = Buffer.from(await vault.publicKey());
  const data = randomBytes(32);
  const signature = await vault.sign(data);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (!verifyRsaPss(publicKey, data, signature)) {
    throw new Error('its signatures do not verify with its public key');
  }
  return 'it signs, and its signatures verify';
}

async function sealAndUnseal(vault: KeyVault): Promise<string> {
  const secret = randomBytes(32);
  const unsealed = await vault.unseal(await vault.seal(secret, 'doctor'), 'doctor');
  if (Buffer.compare(secret, unsealed) !== 0) {
    throw new Error('what was sealed is not what is unsealed');
  }
  return 'a secret can be sealed and unsealed';
}

const SIGNER = {
  role: 'Cloud KMS CryptoKey Signer/Verifier',
  variable: 'KMS_IDENTITY_KEY_VERSION',
  needy: 'PoWeb, CogRPC and the workers; PoHTTP and collection need only Public Key Viewer',
};
const ENCRYPTER = {
  role: 'Cloud KMS CryptoKey Encrypter/Decrypter',
  variable: 'KMS_SEALING_KEY',
  needy: 'PoWeb, CogRPC and the workers',
};

function kmsAdvice(name: string, { role, variable, needy }: typeof SIGNER): Advice {
  return {
    why: VAULT_WHY,
    missing: `${variable} is ${name}, which does not exist: set the right name, or create it: awala-gateway keygen.`,
    denied: `Grant this account the role ${role} on ${name} (${needy}).`,
    ...googleAdvice('Cloud KMS', 'KMS_EMULATOR_HOST'),
    other: `Read what Cloud KMS says; check that ${variable} (${name}) is the right one.`,
  };
}

const LOCAL_ADVICE: Advice = {
  why: VAULT_WHY,
  other:
    'Do what it says of the file, or set DATA_DIR to the right folder. If this is a new gateway, start it, or run awala-gateway keygen.',
};
