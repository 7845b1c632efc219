import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { createTestBucket } from '#test/backing/gcs-bucket.ts';
import { startHttpFaultProxy } from '#test/backing/http-fault-proxy.ts';
import { IN_A_WEEK, listKeys } from '../contract/opened-store.ts';
import { GcsObjectStore } from './object-store.ts';

const gcs = await backing('gcs');
const BODY = Buffer.from('parcel');

describe('a bucket of Cloud Storage that is disturbed', { skip: gcs.missing }, () => {
  it('takes one request to put, one to get, one to delete, one to list a thousand', async () => {
    await using opened = await open();
    const { store, proxy } = opened;
    const generation = await store.put('a/b', BODY, { expiresAt: IN_A_WEEK });
    await store.get('a/b');
    await listKeys(store, 'a/');
    await store.delete('a/b', { generation });
    const shape = proxy.requests.map((request) => request.replace(/\?.*/, ''));
    assert.deepEqual(
      shape.map((request) => request.replaceAll(opened.bucket, 'B')),
      [
        'POST /upload/storage/v1/b/B/o',
        'GET /storage/v1/b/B/o/a%2Fb',
        'GET /storage/v1/b/B/o',
        'DELETE /storage/v1/b/B/o/a%2Fb',
      ],
    );
    assert.ok(proxy.requests[3]?.includes(`ifGenerationMatch=${generation}`));
  });

  for (const status of [408, 429, 500, 502, 503, 504]) {
    it(`asks again after a ${status}, and has the result`, async () => {
      await using opened = await open();
      const { store, proxy } = opened;
      proxy.failNext(2, status);
      const generation = await store.put('a', BODY, { expiresAt: IN_A_WEEK });
      proxy.failNext(1, status);
      assert.equal((await store.get('a'))?.generation, generation);
      proxy.failNext(1, status);
      assert.deepEqual(await listKeys(store, ''), ['a']);
      proxy.failNext(1, status);
      assert.equal(await store.delete('a', { generation }), true);
    });
  }

  for (const [need, method] of [
    ['write', 'POST'],
    ['write', 'DELETE'],
    ['read', 'GET /storage/v1/b/[^/]+/o/'],
    ['delete', 'DELETE'],
  ] as const) {
    it(`is not said to do what a service needs that may not ${need} (${method})`, async () => {
      await using opened = await open();
      opened.proxy.isDenied = (request) => new RegExp(`^${method}`).test(request);
      await opened.store.check();
      await assert.rejects(opened.store.check([need]), BackingUnavailableError);
    });
  }

  it('is written to by checks only if nothing was written lately, and keeps nothing of that', async () => {
    let aheadMs = 0;
    const elapsedMs = () => systemClock.elapsedMs() + aheadMs;
    const clock = { ...systemClock, elapsedMs };
    await using opened = await open({ clock });
    const { store, proxy } = opened;
    const needs = ['write', 'read', 'delete'] as const;
    const uploads = () => proxy.requests.filter((request) => request.startsWith('POST')).length;
    await store.check(needs);
    await store.check(needs);
    assert.equal(uploads(), 1);
    assert.deepEqual(await listKeys(store, 'check/'), []);
    aheadMs = 300_000;
    await store.put('a', BODY, { expiresAt: IN_A_WEEK });
    aheadMs = 800_000;
    await store.check(needs);
    assert.equal(uploads(), 2);
    proxy.isDenied = (request) => request.startsWith('POST');
    await assert.rejects(store.put('a', BODY, { expiresAt: IN_A_WEEK }), BackingUnavailableError);
    await assert.rejects(store.check(needs), BackingUnavailableError);
  });

  for (const status of [400, 401, 403]) {
    it(`is unavailable after a ${status}, without asking again`, async () => {
      await using opened = await open();
      opened.proxy.failNext(1, status);
      await assert.rejects(opened.store.get('a'), BackingUnavailableError);
      assert.equal(opened.proxy.requests.length, 1);
    });
  }

  it('is unavailable when it keeps failing', async () => {
    await using opened = await open();
    opened.proxy.failNext(100, 503);
    await assert.rejects(
      opened.store.put('a', BODY, { expiresAt: IN_A_WEEK }),
      BackingUnavailableError,
    );
    await assert.rejects(opened.store.check(), BackingUnavailableError);
  });

  it('stores an object whose first answer was lost', async () => {
    await using opened = await open();
    opened.proxy.loseNextAnswer();
    const generation = await opened.store.put('a', BODY, { expiresAt: IN_A_WEEK });
    assert.equal((await opened.store.get('a'))?.generation, generation);
  });

  it('asks again for a body that was damaged on its way', async () => {
    await using opened = await open();
    await opened.store.put('a', BODY, { expiresAt: IN_A_WEEK });
    opened.proxy.corruptNextAnswer();
    assert.deepEqual(Buffer.from((await opened.store.get('a'))?.body ?? []), BODY);
  });

  it('is unavailable at its deadline when it is slow', async () => {
    await using opened = await open({ deadlineMs: 50 });
    opened.proxy.delayMs = 60_000;
    for (const call of [
      opened.store.put('a', BODY, { expiresAt: IN_A_WEEK }),
      opened.store.get('a'),
      opened.store.delete('a'),
      listKeys(opened.store, ''),
      opened.store.check(),
    ]) {
      await assert.rejects(call, /no answer within 50 ms/);
    }
  });

  it('gives a call the time that it brings, and no more', async () => {
    const clock = new ManualClock();
    await using opened = await open({ deadlineMs: 2_000, clock });
    await opened.store.put('a', BODY, { expiresAt: IN_A_WEEK });
    for (const call of [
      () => opened.store.put('a', BODY, { expiresAt: IN_A_WEEK, deadlineMs: 10_000 }),
      () => opened.store.get('a', { deadlineMs: 10_000 }),
      () => Array.fromAsync(opened.store.list('', { deadlineMs: 10_000 })),
      () => opened.store.delete('a', { deadlineMs: 10_000 }),
    ]) {
      const released = Promise.withResolvers<void>();
      opened.proxy.hold = () => released.promise;
      const tooLate = assert.rejects(call(), /no answer within 10000 ms/);
      clock.advance(10_000);
      await tooLate;
      const inTime = call();
      clock.advance(9_999);
      opened.proxy.hold = null;
      released.resolve();
      assert.ok(await inTime);
    }
  });

  it('keeps no connection on which it does not answer', async () => {
    await using silent = await startSilentServer();
    await using opened = await open({ apiEndpoint: silent.origin, deadlineMs: 500 });
    await opened.store.check().catch(() => {});
    const before = silent.accepted;
    await Promise.all(
      [
        opened.store.put('a', BODY, { expiresAt: IN_A_WEEK }),
        opened.store.get('a'),
        opened.store.delete('a'),
        opened.store.check(),
      ].map((call) => assert.rejects(call, BackingUnavailableError)),
    );
    assert.equal(silent.accepted - before, 4);
    await silent.quiet();
  });

  it('keeps no connection on which its answer ends half-way', async () => {
    await using silent = await startSilentServer(
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf',
    );
    await using opened = await open({ apiEndpoint: silent.origin, deadlineMs: 500 });
    await assert.rejects(opened.store.get('a'), /no answer within 500 ms/);
    assert.equal(silent.accepted, 1);
    await silent.quiet();
  });

  it('is asked nothing any more, and keeps no connection, once it was closed', async () => {
    await using silent = await startSilentServer();
    await using opened = await open({ apiEndpoint: silent.origin });
    const call = assert.rejects(opened.store.get('a'), BackingUnavailableError);
    await silent.reached();
    await opened.store[Symbol.asyncDispose]();
    await call;
    assert.equal(silent.accepted, 1);
    await silent.quiet();
  });

  it('is read without a warning of the process', async () => {
    await using opened = await open();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await opened.store.put('a', Buffer.alloc(1 << 20), { expiresAt: IN_A_WEEK });
    await opened.store.get('a');
    // Warnings are told one turn later.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  it('serves others while the download of one object fails', async () => {
    await using opened = await open();
    const { store, proxy } = opened;
    const keys = Array.from({ length: 20 }, (_, index) => `a/${index}`);
    await Promise.all(keys.map((key) => store.put(key, BODY, { expiresAt: IN_A_WEEK })));
    proxy.requests.length = 0;
    proxy.corruptNextAnswer();
    await Promise.all(keys.map((key) => store.get(key)));
    assert.equal(proxy.requests.length, keys.length + 1);
  });

  it('is unavailable while connections to it fail, and available once they do not', async () => {
    await using proxy = await startFaultProxy(gcs.address);
    await using opened = await open({ apiEndpoint: `http://${proxy.address}` });
    proxy.refuse();
    await assert.rejects(opened.store.get('a'), BackingUnavailableError);
    proxy.accept();
    assert.equal(await opened.store.get('a'), null);
  });

  it('leaves out of a listing what it did not put itself', async () => {
    await using opened = await open();
    const { store, bucket } = opened;
    await store.put('a/ours', BODY, { expiresAt: IN_A_WEEK });
    const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=a/theirs`;
    const upload = await fetch(`http://${gcs.address}${path}`, { method: 'POST', body: 'theirs' });
    assert.equal(upload.status, 200);
    const listed = await Array.fromAsync(store.list('a/'));
    assert.deepEqual(
      listed.map(({ key }) => key),
      ['a/ours'],
    );
  });

  it('is unavailable, not empty, when there is no such bucket', async () => {
    await using opened = await open({ bucket: uniqueName('missing') });
    await assert.rejects(opened.store.check(), BackingUnavailableError);
  });
});

/** Takes connections, and never says more than `beginning` on each. */
async function startSilentServer(beginning = '') {
  const sockets = new Set<Socket>();
  const request = Promise.withResolvers<void>();
  const silent = {
    accepted: 0,
    origin: '',
    /** Resolves once a request has come. */
    reached: () => request.promise,
    /** Resolves once no connection is left. */
    async quiet() {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((socket) => {
    silent.accepted++;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      request.resolve();
      socket.write(beginning);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  silent.origin = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  return silent;
}

async function open(
  more: { deadlineMs?: number; apiEndpoint?: string; bucket?: string; clock?: Clock } = {},
) {
  const proxy = await startHttpFaultProxy(gcs.address);
  const bucket = await createTestBucket(gcs.address);
  const store = new GcsObjectStore({
    bucket,
    apiEndpoint: proxy.origin,
    deadlineMs: 10_000,
    ...more,
  });
  return {
    bucket,
    proxy,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
