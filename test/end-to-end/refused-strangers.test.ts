import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLog } from '#runtime/logging.ts';
import { composeStandalone, type Standalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { Collector } from '#test/peers/collector.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { dataFolder } from './support/gateway-process.ts';

describe('A stranger who is refused', () => {
  const lines: string[] = [];
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let gateway: Standalone;

  before(async () => {
    folder = await dataFolder();
    const config = readStandaloneConfig({
      DATA_DIR: folder.path,
      ...ANY_PORT,
      DOH_URL: 'https://127.0.0.1:9/',
    });
    const log = createLog({ level: 'info', format: 'json' }, { write: (line) => lines.push(line) });
    gateway = await composeStandalone(config, { log });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function post(
    server: 'poweb' | 'pohttp',
    path: string,
    headers: Record<string, string>,
    body: string,
  ) {
    using client = new HttpClient(gateway.listening[server]);
    const { status } = await client.post(path, { headers, body });
    assert.ok(status >= 400 && status < 500, String(status));
  }

  async function endCollection(act: (collector: Collector) => void): Promise<void> {
    using collector = new Collector(gateway.listening.poweb);
    await collector.challenge();
    act(collector);
    await collector.closed;
  }

  async function endCall(act: (courier: Courier) => { readonly ended: Promise<unknown> }) {
    using courier = new Courier(gateway.listening.cogrpc);
    await act(courier).ended;
  }

  const parcel = { 'content-type': PARCEL_TYPE };
  const refusals: Record<string, () => Promise<void>> = {
    'for where there is nothing': () => post('poweb', '/nothing', {}, ''),
    'for a media type': () => post('poweb', '/v1/parcels', { 'content-type': 'text/plain' }, 'x'),
    'for what is no media type': () => post('poweb', '/v1/parcels', { 'content-type': '/' }, 'x'),
    'for a countersignature that is none': () =>
      post('poweb', '/v1/parcels', { ...parcel, authorization: 'Awala-Countersignature eA' }, 'x'),
    'for a registration that is none': () =>
      post(
        'poweb',
        '/v1/nodes',
        { 'content-type': 'application/vnd.awala.node-registration.request' },
        'x',
      ),
    'for a parcel that is none': () => post('pohttp', '/', parcel, 'x'),
    'for a CCA that is none': () =>
      endCall((courier) => courier.collect([authorizationOf(Buffer.from('x'))])),
    'for an acknowledgement that is too large': () =>
      endCall((courier) => {
        const call = courier.collect([authorizationOf(Buffer.from('x'))]);
        call.send({ id: 'x'.repeat(10_000) });
        return call;
      }),
    'for an answer to the challenge that is none': () =>
      endCollection((collector) => collector.respond([Buffer.from('x')])),
    'for too large an answer to it': () =>
      endCollection((collector) => collector.socket.send(Buffer.alloc(600_000))),
    'for what is no WebSocket frame': () =>
      endCollection((collector) => collector.sendRaw(Buffer.alloc(10, 0xff))),
  };
  for (const [why, refuse] of Object.entries(refusals)) {
    it(`${why} leaves a line in the log, and no stack`, async () => {
      await refuse();
      lines.length = 0;
      await refuse();
      assert.equal(lines.length, 1, lines.join(''));
      assert.doesNotMatch(lines.join(''), /stack|\bat .*:\d+:\d+/);
    });
  }
});
