import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { systemClock } from '#clock/clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { Identity } from '#gateway/identity/identity.ts';
import { PARCEL_COLLECTION_LIMITS } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { openLocalKeyVault } from '#key-vault/local/key-vault.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { delayingCalls, InMemoryObjectStore } from '#object-store/in-memory.ts';
import type { ObjectStore } from '#object-store/port.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { CollectionServer } from '#services/collection/collection-server.ts';
import { WIND_UP_MS } from '#services/collection/collector-connection.ts';
import { COLLECTION_VARIABLES } from '#services/collection/config.ts';
import { Heartbeat } from '#services/collection/heartbeat.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import { temporaryFolder } from './accepting-server.ts';
import { serveVitals } from './child-server.ts';
import { openEmbeddedBacking } from './embedded-backing.ts';
import { eventLoopTasks } from './event-loop-tasks.ts';

/** What the benchmark asks of a collection server. */
export interface CollectionServerSettings {
  /** DER SubjectPublicKeyInfo of the phone that collects, in base64. */
  readonly phoneKey: string;
  /** Node id of the phone. */
  readonly phone: string;
  readonly parcels: number;
  readonly parcelOctets: number;
  /** Delay of each fetch from an in-memory store; null for the embedded store, without delay. */
  readonly fetchDelayMs: number | null;
}

export interface CollectionServerInfo {
  readonly port: number;
  /** The phone's certificate, in base64. */
  readonly certificate: string;
}

const DAY_MS = 86_400_000;
const PUTS_AT_ONCE = 500;
const DRAIN_MS = 30_000;
const MAX_COLLECTORS = 20_000;

const settings: CollectionServerSettings = JSON.parse(process.argv[2] ?? '{}');
const folder = await temporaryFolder();

const clock = systemClock;
const vault = await openLocalKeyVault({ folder: join(folder, 'keys'), log: silentLog });
const records = new InMemoryRecordStore({ clock });
const signals = new InProcessSignals({ log: silentLog });
const objects = await openStore();
await fill(objects);
const identity = await Identity.open({ vault, records, clock, log: silentLog });
const collection = new CollectionServer(
  {
    mailbox: new Mailbox({ objects, signals, clock }),
    identity,
    verifier: new MessageVerifier(),
    policy: nobodyBlocked(clock),
    heartbeat: new Heartbeat(clock),
    metrics: noMetrics,
    log: silentLog,
    clock,
  },
  {
    ...PARCEL_COLLECTION_LIMITS,
    window: COLLECTION_VARIABLES.window.read(undefined),
    handshakeTimeoutMs: 30_000,
    maxWaiting: 0,
    waitingTimeoutMs: 0,
    maxCollectors: MAX_COLLECTORS,
    bufferOctets: 64 * 1024 * 1024,
  },
);
const limits = { maxConnections: MAX_COLLECTORS };
const where = { name: 'collection', host: '127.0.0.1', port: 0 };
const server = new HttpServer({ ...where, clock, log: silentLog, limits });
server.onUpgrade(collection.handleUpgrade);
await server.listen();
const certificate = await issueCertificate();
serveVitals<CollectionServerInfo>(
  {
    port: server.port,
    certificate: Buffer.from(certificate.der).toString('base64'),
  },
  { ...eventLoopTasks(), drain },
);

/** Moves all collectors away, as before the end of a process, and takes collectors again. */
async function drain(): Promise<void> {
  await collection.moveAway({ spreadMs: DRAIN_MS, lingerMs: 0 });
  await collection.windUp(WIND_UP_MS);
  await collection.closeAll();
  collection.resume();
}

async function openStore(): Promise<ObjectStore> {
  return settings.fetchDelayMs === null
    ? (await openEmbeddedBacking(folder, silentLog)).objects
    : new InMemoryObjectStore({ before: delayingCalls(clock, settings.fetchDelayMs, ['get']) });
}

async function fill(store: ObjectStore): Promise<void> {
  const body = randomBytes(settings.parcelOctets);
  const expiresAt = new Date(Date.now() + DAY_MS);
  for (let start = 0; start < settings.parcels; start += PUTS_AT_ONCE) {
    const count = Math.min(PUTS_AT_ONCE, settings.parcels - start);
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const id = createHash('sha256')
          .update(`${start + index}`)
          .digest('hex');
        const key = `parcels/gateway-bound/${settings.phone}/recipient/sender/${id}`;
        return store.put(key, body, { expiresAt });
      }),
    );
  }
}

async function issueCertificate() {
  const issuer = await identity.currentCertificate();
  return issueGatewayCertificate({
    subjectKey: Buffer.from(settings.phoneKey, 'base64'),
    issuer,
    issuerKey: identity.publicKeyDer,
    sign: identity.sign,
    notBefore: issuer.notBefore,
    notAfter: issuer.notAfter,
  });
}
