import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { startFirestoreServer } from '#test/backing/firestore-server/firestore-server.ts';
import { until } from '#test/runtime/until.ts';
import { listIds, SESSIONS } from '../contract/opened-store.ts';
import { FirestoreRecordStore } from './record-store.ts';

const server = await startFirestoreServer();
const { faults } = server;

describe('records in a disturbed Firestore', () => {
  after(() => server.stop());

  it('take one call to create, to set, to get, to delete by version', async () => {
    await using opened = await open();
    const { store } = opened;
    faults.calls.clear();
    await store.create(SESSIONS, 'a', { step: 1 });
    await store.set(SESSIONS, 'a', { step: 2 });
    const ifVersion = (await store.get(SESSIONS, 'a'))?.version ?? '';
    assert.equal(await store.delete(SESSIONS, 'a', { ifVersion }), true);
    assert.deepEqual(Object.fromEntries(faults.calls), { Commit: 3, BatchGetDocuments: 1 });
  });

  it('share a call if they are written at one time whatever is stored, or read at one time', async () => {
    await using opened = await open();
    const { store } = opened;
    const ids = Array.from({ length: 101 }, (_, index) => `one-${index}`);
    faults.calls.clear();
    // One of them twice: what comes last counts.
    await Promise.all(['one-1', ...ids].map((id, step) => store.set(SESSIONS, id, { step })));
    const read = await Promise.all([...ids, 'none'].map((id) => store.get(SESSIONS, id)));
    assert.deepEqual(
      read.map((record) => record?.fields.step),
      [...ids.map((_, index) => index + 1), undefined],
    );
    assert.deepEqual(Object.fromEntries(faults.calls), { Commit: 2, BatchGetDocuments: 2 });
  });

  it('are not said to be there for a service that must write them and may not', async () => {
    await using opened = await open();
    const { store } = opened;
    await store.check(['write']);
    faults.denied.add('Commit');
    // What has worked lately is not tried again before it fails.
    await store.check(['write']);
    await assert.rejects(store.set(SESSIONS, 'a', { step: 1 }), BackingUnavailableError);
    await assert.rejects(store.check(['write']), BackingUnavailableError);
    await store.check();
    faults.denied.clear();
    await store.set(SESSIONS, 'a', { step: 1 });
    faults.calls.clear();
    await store.check(['write']);
    assert.deepEqual(Object.fromEntries(faults.calls), { BatchGetDocuments: 1 });
  });

  it('are created though the first answer was lost, by whoever created them and by nobody else', async () => {
    await using opened = await open();
    faults.loseNextAnswer('Commit');
    assert.equal(await opened.store.create(SESSIONS, 'a', { step: 1 }), true);
    assert.equal(await opened.store.create(SESSIONS, 'a', { step: 1 }), false);
  });

  it('are written over the named version though the first answer was lost', async () => {
    await using opened = await open();
    await opened.store.set(SESSIONS, 'a', { step: 1 });
    const ifVersion = (await opened.store.get(SESSIONS, 'a'))?.version ?? '';
    faults.loseNextAnswer('Commit');
    assert.equal(await opened.store.set(SESSIONS, 'a', { step: 2 }, { ifVersion }), true);
    assert.equal(await opened.store.set(SESSIONS, 'a', { step: 3 }, { ifVersion }), false);
  });

  it('are unavailable while connections fail, and available again by themselves', async () => {
    await using opened = await open({ deadlineMs: 200 });
    const { store, proxy } = opened;
    faults.calls.clear();
    proxy.refuse();
    for (const call of [
      () => store.create(SESSIONS, 'a', { step: 1 }),
      () => store.set(SESSIONS, 'a', { step: 1 }),
      () => store.get(SESSIONS, 'a'),
      () => store.delete(SESSIONS, 'a'),
      () => listIds(store, SESSIONS, ''),
      () => store.check(),
    ]) {
      await assert.rejects(call, BackingUnavailableError);
    }
    proxy.accept();
    // The client connects again in its own time, a second or so.
    await until(() => isAvailable(store));
    assert.equal(faults.calls.get('Commit'), undefined, 'a write was made after it had failed');
  });

  it('are unavailable at their deadline when nothing comes back', async () => {
    await using opened = await open({ deadlineMs: 300 });
    await until(() => isAvailable(opened.store));
    opened.proxy.pause();
    await assert.rejects(opened.store.get(SESSIONS, 'a'), BackingUnavailableError);
    await assert.rejects(listIds(opened.store, SESSIONS, ''), BackingUnavailableError);
  });
});

async function isAvailable(store: FirestoreRecordStore): Promise<boolean> {
  try {
    await store.check();
    return true;
  } catch {
    return false;
  }
}

async function open(more: { deadlineMs?: number } = {}) {
  const proxy = await startFaultProxy(server.address);
  const store = new FirestoreRecordStore({
    database: '(default)',
    project: uniqueName('records'),
    emulatorAddress: proxy.address,
    deadlineMs: 10_000,
    ...more,
  });
  return {
    proxy,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
