import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '#log/log.ts';
import { composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePohttp } from '#services/pohttp/compose.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { keygenCommand } from '#services/standalone/commands/keygen.ts';
import { provisionCommand } from '#services/standalone/commands/provision.ts';
import {
  type FirestoreServer,
  startFirestoreServer,
} from '#test/backing/firestore-server/firestore-server.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '#test/backing/http-fault-proxy.ts';
import { missingForServices, nameCloudGateway } from '#test/services/cloud-gateway.ts';
import { NetworkPhone } from '#test/services/phone.ts';
import {
  mayOnlyReadRecords,
  permissionsGranted,
  permissionsUsed,
} from '#test/services/used-rights.ts';

const missing = await missingForServices();
const given = { log: silentLog };
const ANY_PORT = {
  POWEB_PORT: '0',
  POHTTP_PORT: '0',
  COLLECTION_PORT: '0',
  OPERATIONS_PORT: '0',
  COLLECTION_DRAIN: '0s',
};
/** The methods of Firestore that `roles/datastore.viewer` permits. */
const READING = ['BatchGetDocuments', 'RunQuery'];

describe('what a service does takes no right that docs/operations.md does not give it', {
  skip: missing,
}, () => {
  let storage: HttpFaultProxy;
  let firestore: FirestoreServer;
  let environment: Readonly<Record<string, string>>;
  let phone: NetworkPhone;

  before(async () => {
    const named = await nameCloudGateway();
    firestore = await startFirestoreServer();
    storage = await startHttpFaultProxy(new URL(named.environment.GCS_ENDPOINT ?? '').host);
    environment = {
      ...named.environment,
      ...ANY_PORT,
      GCS_ENDPOINT: storage.origin,
      FIRESTORE_EMULATOR_HOST: firestore.address,
    };
    const context = { args: [], environment, print() {} };
    // Firestore's settings are another service's, which this server is not.
    await provisionCommand.run(context);
    assert.equal(await keygenCommand.run(context), 0);
  });
  after(async () => {
    await storage?.[Symbol.asyncDispose]();
    await firestore?.stop();
  });

  function forgetWhatWasAsked(): void {
    storage.requests.splice(0);
    firestore.faults.calls.clear();
  }

  async function readinessOf({ operations }: { readonly operations: number }): Promise<number> {
    return (await fetch(`http://127.0.0.1:${operations}/readyz`)).status;
  }

  async function assertWithinRights(account: string): Promise<void> {
    const granted = await permissionsGranted(account);
    const used = permissionsUsed(storage.requests);
    assert.ok(used.length > 0 && granted.length > 0);
    assert.deepEqual(
      used.filter((each) => !granted.includes(each)),
      [],
    );
    if (await mayOnlyReadRecords(account)) {
      const called = [...firestore.faults.calls.keys()];
      assert.deepEqual(
        called.filter((each) => !READING.includes(each)),
        [],
      );
    }
  }

  it('PoWeb stores parcels, also twice, and reads none', async () => {
    forgetWhatWasAsked();
    await using poweb = await composePoweb(readPowebConfig(environment), given);
    assert.equal(await readinessOf(poweb.listening), 200);
    phone = await NetworkPhone.register(poweb.listening.poweb);
    await phone.deliver('one');
    await phone.deliver('another');
    await assertWithinRights('awala-poweb');
    assert.ok(permissionsUsed(storage.requests).includes('storage.objects.create'));
    assert.ok(!permissionsUsed(storage.requests).includes('storage.objects.get'));
  });

  it('PoHTTP stores parcels, reads none, and writes no record', async () => {
    forgetWhatWasAsked();
    await using pohttp = await composePohttp(readPohttpConfig(environment), given);
    assert.equal(await readinessOf(pohttp.listening), 200);
    const response = await fetch(`http://127.0.0.1:${pohttp.listening.pohttp}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.awala.parcel' },
      body: Buffer.from(await phone.makeParcel('from an app')),
    });
    assert.equal(response.status, 202);
    assert.equal(await mayOnlyReadRecords('awala-pohttp'), true);
    await assertWithinRights('awala-pohttp');
    assert.ok(permissionsUsed(storage.requests).includes('storage.objects.create'));
  });

  it('collection hands parcels over and deletes them, stores none, and writes no record', async () => {
    forgetWhatWasAsked();
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
    assert.equal(await mayOnlyReadRecords('awala-collection'), true);
    await assertWithinRights('awala-collection');
    assert.ok(permissionsUsed(storage.requests).includes('storage.objects.delete'));
  });
});
