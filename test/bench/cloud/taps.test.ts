import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { startGcsTap } from './gcs-tap.ts';
import { startGrpcTap } from './grpc-tap.ts';
import { isByClock } from './redis-tap.ts';

describe('the tap of Cloud Storage', () => {
  it('tells listings of parcels, of cargo, and checks apart', async () => {
    const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await using tap = await startGcsTap(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    const objects = `${tap.origin}/storage/v1/b/bucket/o`;
    for (const url of [
      `${objects}?prefix=parcels%2Fgateway-bound%2F0ab%2F`,
      `${objects}?prefix=cargo%2F0ab%2F`,
      `${objects}?prefix=check%2F&maxResults=1`,
      `${objects}/parcels%2Fgateway-bound%2F0ab?alt=media`,
    ]) {
      await (await fetch(url)).text();
    }
    server.close();
    server.closeAllConnections();
    assert.deepEqual(Object.fromEntries(tap.calls.asked), {
      'list of parcels': 1,
      'list of cargo': 1,
      read: 1,
    });
    assert.deepEqual(Object.fromEntries(tap.calls.byClock), { 'list of check': 1 });
  });
});

describe('the tap of Firestore and Cloud KMS', () => {
  it('tells apart what processes ask by the clock', async () => {
    const server = createHttp2Server().listen(0, '127.0.0.1');
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 }, { endStream: true });
    });
    await once(server, 'listening');
    await using tap = await startGrpcTap(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    const session = connect(`http://${tap.address}`);
    const empty = createHash('sha256').digest();
    const other = createHash('sha256').update('something').digest();
    for (const [method, message] of [
      ['GetDocument', Buffer.from('databases/d/documents/own-certificate/1')],
      ['GetDocument', Buffer.from('databases/d/documents/session-key/1')],
      ['AsymmetricSign', empty],
      ['AsymmetricSign', other],
    ] as const) {
      const call = session.request({ ':method': 'POST', ':path': `/service/${method}` });
      call.end(message);
      await once(call.resume(), 'close');
    }
    session.destroy();
    server.close();
    assert.deepEqual(Object.fromEntries(tap.calls.asked), { read: 1, AsymmetricSign: 1 });
    assert.deepEqual(Object.fromEntries(tap.calls.byClock), { read: 1, AsymmetricSign: 1 });
  });
});

describe('the tap of Redis', () => {
  it('tells signals, and checks that they arrive, apart', () => {
    assert.equal(isByClock('publish', ['gateway:0ab', 'parcels/gateway-bound/0ab/c/d/e']), false);
    assert.equal(isByClock('subscribe', ['gateway:0ab']), false);
    assert.equal(isByClock('publish', ['gateway:check:6c31', 'token']), true);
    assert.equal(isByClock('set', ['gateway:check', '', 'PX', '60000']), true);
  });

  it('counts for no operation what connections send', () => {
    assert.equal(isByClock('hello', ['3']), true);
    assert.equal(isByClock('ping', []), true);
    assert.equal(isByClock('hgetall', ['gateway:jobs:1']), false);
  });
});
