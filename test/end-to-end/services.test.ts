import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLog } from '#log/log.ts';
import { composeCollection } from '#services/collection/compose.ts';
import { readCollectionConfig } from '#services/collection/config.ts';
import { composePohttp } from '#services/pohttp/compose.ts';
import { readPohttpConfig } from '#services/pohttp/config.ts';
import { composePoweb } from '#services/poweb/compose.ts';
import { readPowebConfig } from '#services/poweb/config.ts';
import { keygenCommand } from '#services/standalone/commands/keygen.ts';
import { provisionCommand } from '#services/standalone/commands/provision.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type KmsServer, startKmsServer } from '#test/backing/kms-server/kms-server.ts';
import { Phone } from '#test/peers/phone.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import {
  type CloudGateway,
  missingForServices,
  nameCloudGateway,
  provisionCloudGateway,
} from '#test/services/cloud-gateway.ts';
import { SERVICE_NAMES, ServiceProcess } from '#test/services/service-process.ts';

const missing = await missingForServices();
const SETTINGS = {
  ...ANY_PORT,
  COLLECTION_DRAIN: '0s',
  COLLECTION_LINGER: '0s',
};
const given = { log: silentLog };

async function readinessAt(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  const { failing } = (await response.json()) as { readonly failing: Record<string, string> };
  return { status: response.status, failing };
}

/** @returns the body that came with that status, once it does; the process must live */
async function untilReadiness(service: ServiceProcess, status: 200 | 503): Promise<string> {
  for (;;) {
    const state = await service.readiness();
    assert.ok(state, `${service.name} does not answer: ${service.output}`);
    if (state.status === status) {
      return state.body;
    }
    await pause(20);
  }
}

/** On a busy machine the first answer may take longer than is waited for, and is asked for again. */
function complaintsIn(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => /"level":"(?:warn|error)"/.test(line))
    .filter((line) => !/no answer within \d+ ms","message":"Cannot start yet/.test(line));
}

describe('a service that is a process of its own', { skip: missing }, () => {
  let gateway: CloudGateway;

  before(async () => {
    gateway = await provisionCloudGateway();
  });

  for (const name of SERVICE_NAMES) {
    it(`starts by itself, says while a backing service is away, goes on, and ends: ${name}`, async () => {
      await using proxy = await startFaultProxy(
        new URL(gateway.environment.GCS_ENDPOINT ?? '').host,
      );
      const environment = { ...gateway.environment, GCS_ENDPOINT: `http://${proxy.address}` };
      await using service = await ServiceProcess.startReady(name, environment);
      assert.deepEqual(complaintsIn(service.output), []);
      proxy.refuse();
      const away = await untilReadiness(service, 503);
      assert.match(away, /"failing":\{"objects":/);
      // What it can do without is still done: load balancers send clients on.
      const serving = await fetch(`http://127.0.0.1:${service.operationsPort}/servez`);
      assert.equal(serving.status, 200);
      proxy.accept();
      await untilReadiness(service, 200);
      assert.equal(await service.stop(), 0, service.output);
      assert.deepEqual(
        complaintsIn(service.output).filter((line) => !/objects|object-store/.test(line)),
        [],
      );
    });
  }

  it('ends with 1 and explains when it is told to use what others cannot reach', async () => {
    const environment = { ...gateway.environment, SIGNALS: 'in-process' };
    await using service = await ServiceProcess.start('pohttp', environment);
    assert.equal(await service.exited, 1);
    assert.match(service.output, /SIGNALS is in-process, which reaches no other process: set SIG/);
  });

  it('ends while it still waits for a backing service, when it is told to', async () => {
    const environment = { ...gateway.environment, KMS_EMULATOR_HOST: '127.0.0.1:1' };
    await using service = await ServiceProcess.start('poweb', environment);
    while (((await service.readiness())?.body.includes('key-vault') ?? false) === false) {
      await pause(20);
    }
    assert.equal(await service.stop(), 0, service.output);
  });

  it('relays between PoWeb and collection that know nothing of each other', async () => {
    const environment = { ...gateway.environment, ...SETTINGS };
    await using poweb = await composePoweb(readPowebConfig(environment), given);
    await using collection = await composeCollection(readCollectionConfig(environment), given);
    const phone = await Phone.register(poweb.listening.poweb);
    using collector = await phone.collect(collection.listening.collection);
    const backlog = await phone.deliver();
    const first = await collector.next();
    assert.deepEqual(Buffer.from(first.parcel), Buffer.from(backlog));
    collector.acknowledge(first);
    const arrival = await phone.deliver();
    assert.deepEqual(Buffer.from((await collector.next()).parcel), Buffer.from(arrival));
  });

  it('says which methods there are at its ports, to whoever asks or uses another one', async () => {
    const environment = { ...gateway.environment, ...SETTINGS };
    await using collection = await composeCollection(readCollectionConfig(environment), given);
    const { collection: port, operations } = collection.listening;
    for (const [url, allow] of [
      [`http://127.0.0.1:${port}/v1/parcel-collection`, 'GET, OPTIONS'],
      [`http://127.0.0.1:${operations}/readyz`, 'GET, HEAD, OPTIONS'],
    ] as const) {
      for (const [method, status] of [
        ['OPTIONS', 204],
        ['PUT', 405],
      ] as const) {
        const response = await fetch(url, { method });
        assert.deepEqual([response.status, response.headers.get('allow')], [status, allow], url);
      }
    }
    const plain = await fetch(`http://127.0.0.1:${port}/v1/parcel-collection`);
    assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
  });

  it('sends collectors away with 4000 when it ends', async () => {
    const environment = { ...gateway.environment, ...SETTINGS };
    await using poweb = await composePoweb(readPowebConfig(environment), given);
    const collection = await composeCollection(readCollectionConfig(environment), given);
    const phone = await Phone.register(poweb.listening.poweb, 'phone with two collectors');
    const { collection: port } = collection.listening;
    const headers = [
      { 'user-agent': 'okhttp', 'x-relaynet-streaming-mode': 'keep-alive' },
      { 'user-agent': 'okhttp', 'x-relaynet-streaming-mode': 'close-upon-completion' },
    ];
    // Held before they come, and not acknowledged: that keeps the second one from completing.
    await phone.deliver();
    const collectors = await Promise.all(
      headers.map((each) => phone.collect(port, { headers: each })),
    );
    await Promise.all(collectors.map((collector) => collector.next()));
    await collection[Symbol.asyncDispose]();
    const codes = await Promise.all(
      collectors.map(({ closed }) => closed.then(({ code }) => code)),
    );
    assert.deepEqual(codes, [4000, 4000]);
  });
});

describe('the rights of services', { skip: missing }, () => {
  let kms: KmsServer;
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    kms = await startKmsServer();
    const named = await nameCloudGateway();
    environment = { ...named.environment, ...SETTINGS, KMS_EMULATOR_HOST: kms.address };
    const context = { args: [], environment, print() {} };
    assert.equal(await provisionCommand.run(context), 0);
  });
  after(() => kms.stop());

  it('PoHTTP and collection wait for the identity, and never sign or unseal', async () => {
    const starting = [
      composePohttp(readPohttpConfig(environment), given),
      composeCollection(readCollectionConfig(environment), given),
    ];
    // Twice at once, as when two jobs of a deployment do.
    const context = { args: [], environment, print() {} };
    const codes = await Promise.all([keygenCommand.run(context), keygenCommand.run(context)]);
    assert.deepEqual(codes, [0, 0]);
    const [pohttp, collection] = await Promise.all(starting);
    kms.faults.calls.clear();
    for (const method of ['AsymmetricSign', 'Encrypt', 'Decrypt']) {
      kms.faults.denied.add(method);
    }
    for (const service of [pohttp, collection]) {
      await using _ = service;
      const port = service?.listening.operations ?? 0;
      assert.deepEqual(await readinessAt(port), { status: 200, failing: {} });
    }
    assert.deepEqual([...kms.faults.calls.keys()], []);
    await using restarted = await composePohttp(readPohttpConfig(environment), given);
    assert.equal((await readinessAt(restarted.listening.operations)).status, 200);
    assert.deepEqual([...kms.faults.calls.keys()], ['GetPublicKey']);
  });

  it('PoWeb says that it may not sign, and is ready once it may', async () => {
    kms.faults.denied.add('AsymmetricSign');
    await using poweb = await composePoweb(readPowebConfig(environment), given);
    const denied = await readinessAt(poweb.listening.operations);
    assert.equal(denied.status, 503);
    assert.match(denied.failing.vault ?? '', /AsymmetricSign: PERMISSION_DENIED/);
    kms.faults.clear();
    let state = await readinessAt(poweb.listening.operations);
    while (state.status !== 200) {
      state = await readinessAt(poweb.listening.operations);
    }
  });

  it('the second run of keygen changes nothing', async () => {
    const runs: string[][] = [];
    for (const _ of [1, 2]) {
      const said: string[] = [];
      const print = (line: string) => void said.push(line);
      assert.equal(await keygenCommand.run({ args: [], environment, print }), 0);
      runs.push(said);
    }
    assert.deepEqual(runs[0], runs[1]);
  });
});
