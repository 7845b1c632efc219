import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRedisTarget, reconnectPause } from './connection-options.ts';

describe('the URL of Redis', () => {
  it('names a server, with or without TLS, user and database', () => {
    const plain = parseRedisTarget({ url: 'redis://localhost' });
    assert.equal(plain.isCluster, false);
    assert.equal(plain.host, 'localhost');
    assert.equal(plain.port, 6_379);
    assert.equal(plain.options.tls, undefined);
    const { options, port } = parseRedisTarget({
      url: 'rediss://gate%40way:s%3Acret@[::1]:7000/3',
      ca: 'PEM',
    });
    assert.equal(port, 7_000);
    const { checkServerIdentity, ...tls } = Object(options.tls);
    assert.deepEqual(tls, { ca: 'PEM' });
    assert.equal(checkServerIdentity('10.0.0.3', {}), undefined);
    assert.ok(checkServerIdentity('redis.example', { subject: { CN: 'other' } }) instanceof Error);
    assert.equal(options.username, 'gate@way');
    assert.equal(options.password, 's:cret');
    assert.equal(options.db, 3);
  });

  it('names a cluster', () => {
    assert.equal(parseRedisTarget({ url: 'redis+cluster://node:7001' }).isCluster, true);
    const secure = parseRedisTarget({ url: 'rediss+cluster://node:7001' });
    assert.equal(secure.isCluster, true);
    assert.deepEqual(secure.options.tls, {});
  });

  for (const url of ['', 'localhost:6379', 'http://localhost', 'redis://', 'redis+sentinel://a']) {
    it(`is not ${JSON.stringify(url)}, and the error shows no password`, () => {
      assert.throws(() => parseRedisTarget({ url }), TypeError);
    });
  }
});

describe('the pause before connecting again', () => {
  it('grows to two seconds at most', () => {
    for (const attempts of [1, 5, 20, 5_000]) {
      assert.ok(reconnectPause(attempts) > 0);
      assert.ok(reconnectPause(attempts) <= 2_000);
    }
    assert.ok(reconnectPause(20) >= 1_000);
  });
});
