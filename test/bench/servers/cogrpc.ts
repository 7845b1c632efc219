import { randomBytes } from 'node:crypto';
import { mailboxPrefix } from '#gateway/held/object-keys.ts';
import { silentLog } from '#log/log.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { identity } from '#test/builders/peers.ts';
import { openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { SyntheticMailboxStore } from '#test/cogrpc/synthetic-store.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { temporaryFolder } from './accepting-server.ts';
import { serveVitals } from './child-server.ts';
import { openEmbeddedBacking } from './embedded-backing.ts';

/** What the benchmark asks of a server for couriers. */
export interface CogrpcSettings {
  /** Parcels that wait for a phone, each fetched with that delay; null for none, on the embedded store. */
  readonly held: {
    readonly count: number;
    readonly octets: number;
    readonly fetchMs: number;
  } | null;
  /** Whether parcels are fetched one after the other. */
  readonly isOneByOne: boolean;
  /** Of the cargoes that the phone makes, and of what is written without a courier. */
  readonly cargoOctets: number;
}

export interface CogrpcInfo {
  readonly port: number;
}

const DAY_MS = 86_400_000;

const settings: CogrpcSettings = JSON.parse(process.argv[2] ?? '{}');
const backing = settings.held ? syntheticBacking(settings.held) : await embeddedBacking();
const { collection } = COGRPC_LIMITS;
const opened = await openCogrpc({
  ...backing,
  limits: { collection: { ...collection, ...(settings.isOneByOne && { aheadItems: 1 }) } },
});
const phone = await CargoPhone.register(opened);

serveVitals<CogrpcInfo>(
  { port: opened.port },
  {
    /** An authorisation to collect, in base64. */
    cca: async () => (await phone.cca()).toString('base64'),
    /** A cargo to deliver, in base64. */
    cargo: async () => (await phone.cargo([randomBytes(settings.cargoOctets)])).toString('base64'),
    write: writeBare,
  },
);

function syntheticBacking(held: NonNullable<CogrpcSettings['held']>) {
  return { objects: new SyntheticMailboxStore(mailboxPrefix(identity('phone').nodeId), held) };
}

async function embeddedBacking() {
  return await openEmbeddedBacking(await temporaryFolder(), silentLog);
}

/** Writes an object as large as a cargo, and nothing else. @returns how long it took, in milliseconds */
async function writeBare(): Promise<number> {
  const body = randomBytes(settings.cargoOctets);
  const key = `bare/${randomBytes(16).toString('hex')}`;
  const startMs = performance.now();
  await opened.objects.put(key, body, { expiresAt: new Date(Date.now() + DAY_MS) });
  return performance.now() - startMs;
}
