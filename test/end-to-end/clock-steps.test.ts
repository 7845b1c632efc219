import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { composeCogrpc } from '#services/cogrpc/compose.ts';
import { readCogrpcConfig } from '#services/cogrpc/config.ts';
import { composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePohttp } from '#services/pohttp/compose.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { composeWorkers } from '#services/workers/compose.ts';
import { readWorkersConfig } from '#services/workers/config.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { whileTimePasses } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';

const DAY_MS = 86_400_000;

/** All that is shared is given. */
const ENVIRONMENT = {
  INTERNET_ADDRESS: 'gateway.example',
  BIND_HOST: '127.0.0.1',
  ...ANY_PORT,
  COLLECTION_DRAIN: '0s',
  COLLECTION_LINGER: '0s',
  OBJECT_STORE: 'gcs',
  GCS_BUCKET: 'given',
  RECORD_STORE: 'firestore',
  FIRESTORE_PROJECT: 'given',
  KEY_VAULT: 'local',
  SIGNALS: 'redis',
  WORK_QUEUE: 'redis',
  REDIS_URL: 'redis://127.0.0.1:1',
  DOH_URL: 'https://127.0.0.1:9/',
};

describe('Services whose clock is set past the end of the gateway’s certificate while they run', () => {
  const opened = new AsyncDisposableStack();
  const clock = new ManualClock();
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  const given = {
    clock,
    plausibility,
    log: silentLog,
    objects: new InMemoryObjectStore({ clock }),
    records: new InMemoryRecordStore({ clock }),
    vault: new MemoryVault(identity('us')),
    signals: new InProcessSignals({ log: silentLog }),
    queue: new InMemoryWorkQueue({ clock }),
  };
  let services: Readonly<Record<string, { readonly operations: number }>>;
  let poweb: number;

  before(async () => {
    const forPhones = opened.use(await composePoweb(readPowebConfig(ENVIRONMENT), given));
    poweb = forPhones.listening.poweb;
    const others = {
      collection: await composeCollection(readCollectionConfig(ENVIRONMENT), given),
      pohttp: await composePohttp(readPohttpConfig(ENVIRONMENT), given),
      cogrpc: await composeCogrpc(readCogrpcConfig(ENVIRONMENT), given),
      workers: await composeWorkers(readWorkersConfig(ENVIRONMENT), given),
    };
    for (const service of Object.values(others)) {
      opened.use(service);
    }
    services = { poweb: forPhones.listening, ...listeningOf(others) };
  });
  after(() => whileTimePasses(clock, opened.disposeAsync()));

  /** Sets the clock, which a witness confirms. */
  function setClock(aheadMs: number): void {
    clock.set(new Date(clock.now().getTime() + aheadMs));
    const nowMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: nowMs, oursMs: nowMs });
  }

  async function readiness(service: string) {
    clock.advance(1_000);
    using client = new HttpClient(services[service]?.operations ?? 0);
    const { status, body } = await client.get('/readyz');
    return { status, failing: Object.keys(JSON.parse(body.toString()).failing) };
  }

  const READY = { status: 200, failing: [] };

  it('say that they are not ready unless they may issue another, and are once it is there', async () => {
    setClock(200 * DAY_MS);
    for (const service of ['collection', 'pohttp']) {
      assert.deepEqual(await readiness(service), { status: 503, failing: ['identity'] });
    }
    assert.deepEqual(await readiness('poweb'), READY);
    for (const service of Object.keys(services)) {
      assert.deepEqual(await readiness(service), READY, service);
    }
  });

  for (const service of ['cogrpc', 'workers']) {
    it(`issue another as soon as ${service} is asked whether it is ready`, async () => {
      setClock(200 * DAY_MS);
      assert.deepEqual(await readiness(service), READY);
      assert.deepEqual(await readiness('collection'), READY);
    });
  }

  it('register phones at once, for as long as ever', async () => {
    setClock(200 * DAY_MS);
    const { phone } = await Phone.register(poweb, 'phone', clock.now());
    const leftMs = phone.certificate.notAfter.getTime() - clock.now().getTime();
    assert.ok(leftMs > 179 * DAY_MS);
  });

  it('register phones at once when it is set back to before the certificate', async () => {
    setClock(-1_000 * DAY_MS);
    await Phone.register(poweb, 'phone', clock.now());
    assert.deepEqual(await readiness('collection'), READY);
  });
});

function listeningOf<Name extends string>(
  services: Readonly<Record<Name, { readonly listening: { readonly operations: number } }>>,
) {
  return Object.fromEntries(
    Object.entries<{ readonly listening: { readonly operations: number } }>(services).map(
      ([name, { listening }]) => [name, listening],
    ),
  );
}
