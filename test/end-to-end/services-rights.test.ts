import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ConnectionParameters } from '#awala/connection-parameters.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { composeCogrpc } from '#services/cogrpc/compose.ts';
import { readCogrpcConfig } from '#services/cogrpc/config.ts';
import { composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePohttp } from '#services/pohttp/compose.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { keygenCommand } from '#services/standalone/commands/keygen.ts';
import { provisionCommand } from '#services/standalone/commands/provision.ts';
import { rotateCommand } from '#services/standalone/commands/rotate.ts';
import { PowebClient } from '#services/standalone/ping/poweb-client.ts';
import { composeWorkers } from '#services/workers/compose.ts';
import { readWorkersConfig } from '#services/workers/config.ts';
import {
  type FirestoreServer,
  startFirestoreServer,
} from '#test/backing/firestore-server/firestore-server.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '#test/backing/http-fault-proxy.ts';
import { type KmsServer, startKmsServer } from '#test/backing/kms-server/kms-server.ts';
import { AndroidPhone } from '#test/peers/android-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { Phone } from '#test/peers/phone.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { missingForServices, nameCloudGateway } from '#test/services/cloud-gateway.ts';
import { rightsGranted, rightsUsed } from '#test/services/used-rights.ts';

const missing = await missingForServices();
const given = { log: silentLog };
const SETTINGS = {
  ...ANY_PORT,
  COLLECTION_DRAIN: '0s',
  COLLECTION_LINGER: '0s',
};
const PATIENCE_MS = 100_000;
const DAY_MS = 86_400_000;

describe('what a service does takes no right that docs/operations.md does not give it', {
  skip: missing,
}, () => {
  let storage: HttpFaultProxy;
  let firestore: FirestoreServer;
  let kms: KmsServer;
  let environment: Readonly<Record<string, string>>;
  let phone: Phone;
  let remote: Phone;
  let parameters: ConnectionParameters;

  before(async () => {
    const named = await nameCloudGateway();
    firestore = await startFirestoreServer();
    kms = await startKmsServer();
    storage = await startHttpFaultProxy(new URL(named.environment.GCS_ENDPOINT ?? '').host);
    environment = {
      ...named.environment,
      ...SETTINGS,
      GCS_ENDPOINT: storage.origin,
      FIRESTORE_EMULATOR_HOST: firestore.address,
      KMS_EMULATOR_HOST: kms.address,
    };
    // Firestore's settings are another service's, which this server is not.
    await provisionCommand.run(commandContext());
    // The keys are there before, as Config Connector makes them; what they are for is not.
    const elsewhere = {
      ...environment,
      FIRESTORE_PROJECT: `${environment.FIRESTORE_PROJECT}-before`,
    };
    await keygenCommand.run({ ...commandContext(), environment: elsewhere });
  });
  beforeEach(() => {
    storage.requests.splice(0);
    firestore.faults.calls.clear();
    kms.faults.calls.clear();
  });
  after(async () => {
    await storage?.[Symbol.asyncDispose]();
    await firestore?.stop();
    await kms?.stop();
  });

  const commandContext = (...args: readonly string[]) => ({ args, environment, print() {} });

  async function readinessOf({ operations }: { readonly operations: number }): Promise<number> {
    return (await fetch(`http://127.0.0.1:${operations}/readyz`)).status;
  }

  /** @returns what was used since the test began */
  async function assertWithinRights(account: string): Promise<readonly string[]> {
    const used = rightsUsed({
      storage: storage.requests,
      firestore: [...firestore.faults.calls.keys()],
      kms: [...kms.faults.calls.keys()],
    });
    const granted = await rightsGranted(account);
    assert.deepEqual(
      used.filter((each) => !granted.includes(each)),
      [],
    );
    return used;
  }

  it('the jobs make the identity and renew it, and open nothing that is sealed', async () => {
    assert.equal(await keygenCommand.run(commandContext()), 0);
    assert.equal(await rotateCommand.run(commandContext('--now')), 0);
    assert.deepEqual(await assertWithinRights('awala-keys'), [
      'firestore.Commit',
      'firestore.RunQuery',
      'kms.AsymmetricSign',
      'kms.Encrypt',
      'kms.GetPublicKey',
    ]);
  });

  it('PoWeb stores parcels, also twice, and reads none', async () => {
    await using poweb = await composePoweb(readPowebConfig(environment), given);
    assert.equal(await readinessOf(poweb.listening), 200);
    const port = poweb.listening.poweb;
    phone = await Phone.register(port);
    remote = await Phone.register(port, 'phone without Internet');
    await using client = new PowebClient(new URL(`http://127.0.0.1:${port}`));
    parameters = await client.connectionParameters(AbortSignal.timeout(PATIENCE_MS));
    await phone.deliver();
    await phone.deliver();
    const used = await assertWithinRights('awala-poweb');
    assert.ok(used.includes('storage.objects.create'));
    assert.ok(!used.includes('storage.objects.get'));
    assert.ok(used.includes('kms.AsymmetricSign'));
  });

  it('PoWeb signs and seals a new session key once the former is a month old', async () => {
    const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + 31 * DAY_MS) };
    await using poweb = await composePoweb(readPowebConfig(environment), { ...given, clock });
    await using client = new PowebClient(new URL(`http://127.0.0.1:${poweb.listening.poweb}`));
    const { sessionKey } = await client.connectionParameters(AbortSignal.timeout(PATIENCE_MS));
    assert.notDeepEqual(sessionKey.id, parameters.sessionKey.id);
    const used = await assertWithinRights('awala-poweb');
    assert.ok(used.includes('kms.Encrypt'));
  });

  it('PoHTTP stores parcels, reads none, and writes no record', async () => {
    await using pohttp = await composePohttp(readPohttpConfig(environment), given);
    assert.equal(await readinessOf(pohttp.listening), 200);
    const bodies = [await phone.parcel(), await remote.parcel()];
    for (const body of bodies) {
      const response = await fetch(`http://127.0.0.1:${pohttp.listening.pohttp}/`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.awala.parcel' },
        body: Buffer.from(body),
      });
      assert.equal(response.status, 202);
    }
    const used = await assertWithinRights('awala-pohttp');
    assert.ok(used.includes('storage.objects.create'));
    assert.ok(!used.includes('firestore.Commit'));
  });

  it('collection hands parcels over and deletes them, stores none, and writes no record', async () => {
    const collection = await composeCollection(readCollectionConfig(environment), given);
    try {
      assert.equal(await readinessOf(collection.listening), 200);
      using collector = await phone.collect(collection.listening.collection);
      for (const _ of ['one', 'another', 'from an app']) {
        collector.acknowledge(await collector.next());
      }
    } finally {
      // Acknowledgements in flight end first.
      await collection[Symbol.asyncDispose]();
    }
    const used = await assertWithinRights('awala-collection');
    assert.ok(used.includes('storage.objects.delete'));
    assert.ok(!used.includes('storage.objects.create'));
    assert.ok(!used.includes('firestore.Commit'));
  });

  it('CogRPC stores cargo, and makes, signs and seals cargo for a courier', async () => {
    const side = AndroidPhone.of(remote);
    await using cogrpc = await composeCogrpc(readCogrpcConfig(environment), given);
    assert.equal(await readinessOf(cogrpc.listening), 200);
    using courier = new Courier(cogrpc.listening.cogrpc);
    const fields = { id: 'cargo', ttlSeconds: 86_400 };
    const delivery = await courier.deliverAll([await side.cargo([await phone.parcel()], fields)]);
    assert.equal(delivery.end.code, 0);
    assert.equal(delivery.acknowledged.length, 1);
    const { cargoes, end } = await courier.collectAll(await side.cca());
    assert.equal(end.code, 0);
    assert.equal(cargoes.flatMap((cargo) => side.processKept(cargo)).length, 1);
    const used = await assertWithinRights('awala-cogrpc');
    assert.ok(used.includes('storage.objects.create'));
    assert.ok(used.includes('storage.objects.get'));
    assert.ok(used.includes('kms.Decrypt'));
  });

  it('workers open cargo, store what is in it, and seal nothing', async () => {
    const workers = await composeWorkers(readWorkersConfig(environment), given);
    try {
      assert.equal(await readinessOf(workers.listening), 200);
      await using collection = await composeCollection(readCollectionConfig(environment), given);
      using collector = await phone.collect(collection.listening.collection);
      await collector.next();
    } finally {
      await workers[Symbol.asyncDispose]();
    }
    const used = await assertWithinRights('awala-workers');
    assert.ok(used.includes('storage.objects.create'));
    assert.ok(used.includes('kms.Decrypt'));
    assert.ok(!used.includes('kms.Encrypt'));
  });

  const composed = {
    poweb: () => composePoweb(readPowebConfig(environment), given),
    pohttp: () => composePohttp(readPohttpConfig(environment), given),
    collection: () => composeCollection(readCollectionConfig(environment), given),
    cogrpc: () => composeCogrpc(readCogrpcConfig(environment), given),
    workers: () => composeWorkers(readWorkersConfig(environment), given),
  };
  const without: Readonly<Record<string, () => void>> = {
    'storing objects': () => {
      storage.isDenied = (request) => request.startsWith('POST /upload/');
    },
    'reading objects': () => {
      storage.isDenied = (request) =>
        /^GET .*\/o\/|^GET \/(?!storage\/v1\/b\/[^/]+\/o\?)/.test(request);
    },
    'deleting objects': () => {
      storage.isDenied = (request) => request.startsWith('DELETE ');
    },
    sealing: () => kms.faults.denied.add('Encrypt'),
    unsealing: () => kms.faults.denied.add('Decrypt'),
  };
  for (const [right, services] of [
    ['storing objects', ['poweb', 'pohttp', 'cogrpc', 'workers']],
    ['reading objects', ['collection', 'cogrpc', 'workers']],
    ['deleting objects', ['poweb', 'pohttp', 'collection', 'cogrpc', 'workers']],
    ['sealing', ['poweb', 'cogrpc']],
    ['unsealing', ['cogrpc', 'workers']],
  ] as const) {
    it(`without the right of ${right}, those are not ready that need it, and the others are`, async () => {
      without[right]?.();
      try {
        const ready: string[] = [];
        for (const [name, compose] of Object.entries(composed)) {
          await using service = await compose();
          if ((await readinessOf(service.listening)) === 200) {
            ready.push(name);
          }
        }
        const lacking: readonly string[] = services;
        assert.deepEqual(
          ready,
          Object.keys(composed).filter((name) => !lacking.includes(name)),
        );
      } finally {
        storage.isDenied = () => false;
        kms.faults.denied.clear();
      }
    });
  }
});
