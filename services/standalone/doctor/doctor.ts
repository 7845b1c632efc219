import type { Clock } from '#clock/clock.ts';
import { clockWitnesses } from '#composition/clock-witnesses.ts';
import { Foundations } from '#composition/foundations.ts';
import { openKeyVault } from '#composition/key-vault.ts';
import { openObjectStore } from '#composition/object-store.ts';
import { openRecordStore } from '#composition/record-store.ts';
import { openSignals } from '#composition/signals.ts';
import { openWorkQueue } from '#composition/work-queue.ts';
import { silentLog } from '#log/log.ts';
import { clockFindings, releaseClockFinding } from './clock-findings.ts';
import type { DoctorConfig } from './doctor-variables.ts';
import type { Finding } from './finding.ts';
import { identityFinding } from './identity-findings.ts';
import { queueFinding, signalsFinding } from './messenger-findings.ts';
import { objectFindings } from './object-findings.ts';
import { portFindings } from './port-findings.ts';
import { recordFindings } from './record-findings.ts';
import { redisFindings } from './redis-findings.ts';
import { vaultFindings } from './vault-findings.ts';

const SUBJECT_WIDTH = 18;
/** Longer than services wait, to tell slow from unavailable. */
const DEADLINE_MS = 10_000;

/**
 * Examines everything that a gateway needs, and prints the findings.
 *
 * @returns the exit code: 1 if anything is wrong
 */
export async function runDoctor(
  config: DoctorConfig,
  { print, clock }: { readonly print: (line: string) => void; readonly clock: Clock },
): Promise<number> {
  await using foundations = new Foundations({
    clock,
    log: silentLog,
    beside: true,
    deadlineMs: DEADLINE_MS,
  });
  const findings = await examine(config, foundations);
  for (const { subject, says, remedy } of findings) {
    print(`${remedy === null ? '✓' : '✗'} ${subject.padEnd(SUBJECT_WIDTH)}${says}`);
    if (remedy !== null) {
      print(`  ${''.padEnd(SUBJECT_WIDTH)}→ ${remedy}`);
    }
  }
  const faults = findings.filter(({ remedy }) => remedy !== null).length;
  print('');
  print(faults === 0 ? 'Nothing is wrong.' : `${faults} to fix.`);
  return faults === 0 ? 0 : 1;
}

async function examine(
  config: DoctorConfig,
  foundations: Foundations,
): Promise<readonly Finding[]> {
  const { clock } = foundations;
  const records = lazily(() => openRecordStore(config.recordStore, foundations));
  const vault = lazily(() => openKeyVault(config.keyVault, foundations));
  const objects = () => openObjectStore(config.objectStore, foundations);
  const findings = [
    ...(await objectFindings(config.objectStore, objects, clock)),
    ...(await recordFindings(config.recordStore, records, clock)),
    ...(await vaultFindings(config.keyVault, vault)),
    ...(await messengerFindings(config, foundations)),
    await identityFinding(async () => ({ vault: await vault(), records: await records() }), clock),
    ...(await portFindings(config)),
  ];
  const clockFound = await clockFindings(clockWitnesses(config), clock);
  return [...releaseClockFinding(clock.now()), ...clockFound, ...findings];
}

async function messengerFindings(
  config: DoctorConfig,
  foundations: Foundations,
): Promise<readonly Finding[]> {
  const redis = [config.signals, config.workQueue].find((each) => each.kind === 'redis');
  const findings = redis?.kind === 'redis' ? await redisFindings(redis) : [];
  const [reached] = findings;
  if (reached && reached.remedy !== null) {
    return findings;
  }
  return [
    ...findings,
    await signalsFinding(() => openSignals(config.signals, foundations), foundations.clock),
    await queueFinding(() => openWorkQueue(config.workQueue, foundations)),
  ];
}

/** Opens at first use, and only once, what several findings need. */
function lazily<Port>(open: () => Promise<Port>): () => Promise<Port> {
  let opening: Promise<Port> | null = null;
  return () => {
    opening ??= open();
    return opening;
  };
}
