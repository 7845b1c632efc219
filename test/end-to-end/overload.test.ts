import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Crowd } from '#test/attacks/crowd.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';

/** As many as the gateway has in flight. */
const UPLOADS = 1_000;

it('A gateway without room tells clients to come later, and load balancers that it serves', async () => {
  await using gateway = await GatewayUnderTest.start();
  using phone = new HttpClient(gateway.poweb);
  using probe = new HttpClient(gateway.running.listening.operations);
  assert.equal((await probe.get('/servez')).status, 200);
  using crowd = await Crowd.from('127.0.0.1', gateway.poweb, UPLOADS);
  for (const client of crowd.clients) {
    await client.begin('/v1/parcels', { 'content-type': PARCEL_TYPE }, 10);
  }
  const { status, headers } = await phone.get('/connection-params.der');
  assert.deepEqual([status, headers['retry-after']], [503, '5']);
  for (const path of ['/servez', '/livez']) {
    assert.equal((await probe.get(path)).status, 200, path);
  }
  const { body } = await probe.get('/metrics');
  assert.match(String(body), /^awala_http_unserved_total\{.*server="poweb",why="overload".*\} 1$/m);
  assert.doesNotMatch(String(body), /^awala_http_unserved_total\{.*why="fault"/m);
});
