import type { Clock } from '#clock/clock.ts';
import { Identity } from '#gateway/identity/identity.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { silentLog } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import { type Finding, ill, tried } from './finding.ts';

const SUBJECT = 'identity';
/** The workers renew 90 days before the end, so they have had a month. */
const LEAST_LEFT_MS = 60 * 86_400_000;

/** Whether the gateway has a usable certificate. */
export async function identityFinding(
  open: () => Promise<{ readonly vault: KeyVault; readonly records: RecordStore }>,
  clock: Clock,
): Promise<Finding> {
  let leftMs = Number.POSITIVE_INFINITY;
  const finding = await tried(
    SUBJECT,
    async () => {
      const identity = await Identity.openToVerify({ ...(await open()), clock, log: silentLog });
      const [current] = await identity.trustedCertificates();
      leftMs = current.notAfter.getTime() - clock.now().getTime();
      return `node ${identity.nodeId}, certificate until ${current.notAfter.toISOString().slice(0, 10)}`;
    },
    {
      why: 'Without a valid certificate nobody can register, collect or deliver.',
      other: 'Fix the above, then create what is missing: awala-gateway keygen.',
    },
  );
  return finding.level === 'well' && leftMs < LEAST_LEFT_MS
    ? ill(SUBJECT, `${finding.says}: its renewal is overdue`, {
        why: 'Once it expires, nobody can register or collect.',
        remedy: 'Check that the workers run, which renew it; or run awala-gateway rotate.',
      })
    : finding;
}
