import { type Clock, delay } from '#clock/clock.ts';
import type { Foundations } from '#composition/foundations.ts';
import { type KeyVaultConfig, openKeyVault } from '#composition/key-vault.ts';
import { openRecordStore } from '#composition/record-store.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import { createNamedKeys, isKeyMissing } from '#key-vault/google-kms/create-keys.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { silentLog } from '#log/log.ts';
import { type Command, noArguments } from './command.ts';
import { BACKING_HELP } from './command-variables.ts';
import { withPorts } from './with-ports.ts';

/** Cloud KMS creates an RSA key within some seconds. */
const KEY_PATIENCE_MS = 60_000;
const KEY_PAUSE_MS = 1_000;

/**
 * `awala-gateway keygen`: creates the gateway's keys, certificate and session key where missing.
 */
export const keygenCommand: Command = {
  usage: `Usage: awala-gateway keygen

Creates the gateway's identity key (in Cloud KMS, under the configured names),
its first certificate and its first session key, each only if missing. Safe to
run at any time, and concurrently.

${BACKING_HELP}`,
  run(context) {
    noArguments(context);
    return withPorts(context, async (foundations, config) => {
      const { clock } = foundations;
      const vault = await openVault(config.keyVault, foundations);
      const records = await openRecordStore(config.recordStore, foundations);
      const identity = await Identity.open({ vault, records, clock, log: silentLog });
      const certificate = await identity.currentCertificate();
      const sessionKey = await new SessionKeys({ vault, records, clock }).prepare();
      const until = certificate.notAfter.toISOString().slice(0, 10);
      context.print(`node         ${identity.nodeId}`);
      context.print(`certificate  valid until ${until}`);
      context.print(`session key  ${Buffer.from(sessionKey.id).toString('hex')}`);
    });
  },
};

async function openVault(config: KeyVaultConfig, foundations: Foundations): Promise<KeyVault> {
  const vault = await openKeyVault(config, foundations);
  if (config.kind === 'google-kms' && (await lacksKeys(vault))) {
    await createNamedKeys(config);
    await untilUsable(vault, foundations.clock);
  }
  return vault;
}

/** Asked first, so that an account without the right to create keys can use existing ones. */
async function lacksKeys(vault: KeyVault): Promise<boolean> {
  try {
    await vault.publicKey();
    await vault.seal(Buffer.of(), 'keygen');
    return false;
  } catch (error) {
    if (isKeyMissing(error)) {
      return true;
    }
    throw error;
  }
}

async function untilUsable(vault: KeyVault, clock: Clock): Promise<void> {
  const deadlineMs = clock.elapsedMs() + KEY_PATIENCE_MS;
  for (;;) {
    try {
      await vault.publicKey();
      return;
    } catch (error) {
      if (clock.elapsedMs() > deadlineMs) {
        throw error;
      }
    }
    await delay(clock, KEY_PAUSE_MS);
  }
}
