import { openKeyVault } from '#composition/key-vault.ts';
import { openRecordStore } from '#composition/record-store.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import { silentLog } from '#log/log.ts';
import { type Command, UsageError } from './command.ts';
import { BACKING_HELP } from './command-variables.ts';
import { withPorts } from './with-ports.ts';

/** `awala-gateway rotate`: renews the gateway's certificate and session keys. */
export const rotateCommand: Command = {
  usage: `Usage: awala-gateway rotate [--now]

Issues the gateway a new certificate once half the life of the current one is
over, and makes a new session key once the current one is 30 days old, as the
workers and PoWeb do by themselves. Older ones stay valid.

  --now  renew the certificate in any case

${BACKING_HELP}`,
  run(context) {
    const { args, print } = context;
    if (args.some((word) => word !== '--now') || args.length > 1) {
      throw new UsageError('rotate accepts only --now');
    }
    return withPorts(context, async (foundations, config) => {
      const vault = await openKeyVault(config.keyVault, foundations);
      const records = await openRecordStore(config.recordStore, foundations);
      const parts = { vault, records, clock: foundations.clock, log: silentLog };
      // Whether it is due is decided by opening it already.
      const identity = await Identity.open(parts);
      const isToBeNew = args.length === 1;
      const by = isToBeNew && !(await identity.renew()) ? ' by another process' : '';
      const [current, ...older] = await identity.trustedCertificates();
      print(
        `certificate  valid until ${dayOf(current.notAfter)}${isToBeNew ? `, issued now${by}` : ''}`,
      );
      print(`             ${older.length} older still trusted`);
      for (const { notBefore } of identity.datedAhead) {
        print(
          `             1 valid from ${dayOf(notBefore)}: the clock was ahead when it was issued`,
        );
      }
      const sessionKey = await new SessionKeys(parts).prepare();
      print(`session key  ${Buffer.from(sessionKey.id).toString('hex')}`);
    });
  },
};

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
