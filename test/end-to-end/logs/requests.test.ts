import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { cargoRelayDefinition } from '#services/cogrpc/service-definitions.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';

const CLIENT = '127.0.0.42';

type Line = Readonly<Record<string, unknown>>;

function linesOf({ logged }: GatewayUnderTest): readonly Line[] {
  return logged.map((line): Line => JSON.parse(line));
}

describe('What a trusted proxy calls a request', () => {
  let gateway: GatewayUnderTest;
  const headers = { 'x-cloud-trace-context': 'edge-7/1;o=1' };

  before(async () => {
    gateway = await GatewayUnderTest.start(
      {},
      { TRUSTED_PROXIES: '127.0.0.1', REQUEST_ID_HEADER: 'X-Cloud-Trace-Context' },
    );
  });
  after(() => gateway[Symbol.asyncDispose]());

  function isLogged(isIt: (line: Line) => boolean): Promise<void> {
    const id = headers['x-cloud-trace-context'];
    return until(() => linesOf(gateway).some((line) => line.request === id && isIt(line)));
  }

  it('stands in its lines, of phones and Internet apps', async () => {
    const { poweb, pohttp } = gateway.running.listening;
    for (const [server, port] of Object.entries({ poweb, pohttp })) {
      using client = new HttpClient(port);
      await client.send('GET', '/', headers);
      await isLogged((line) => line.server === server);
    }
  });

  it('stands in the lines of the collection that it became', async () => {
    using collector = new Collector(gateway.poweb, { headers });
    await collector.challenge();
    collector.socket.close(3_000, 'enough');
    await isLogged(
      ({ closeCode, closeReason, closedBy }) =>
        closeCode === 3_000 && closeReason === 'enough' && closedBy === 'client',
    );
  });

  it('stands in the lines of a courier’s call, where it comes as metadata', async () => {
    const { cogrpc } = gateway.running.listening;
    const client = new Client(`127.0.0.1:${cogrpc}`, credentials.createInsecure());
    const { CollectCargo } = cargoRelayDefinition('awala.cogrpc.CargoRelay');
    assert.ok(CollectCargo);
    const { path, requestSerialize, responseDeserialize } = CollectCargo;
    const metadata = Metadata.fromHttp2Headers(headers);
    const call = client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    call.on('error', () => {});
    call.on('data', () => {});
    await isLogged(
      ({ method, status }) => method === 'CollectCargo' && status === 'UNAUTHENTICATED',
    );
    client.close();
  });
});

describe('The log, at its most talkative, of a client', () => {
  it('never says where it is, whatever it does', async () => {
    await using gateway = await GatewayUnderTest.start();
    const { poweb, pohttp, cogrpc } = gateway.running.listening;
    for (const port of [poweb, pohttp, cogrpc]) {
      await sendFrom(port, 'not HTTP\r\n\r\n');
      await sendFrom(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot frames');
      await sendFrom(port, 'POST /v1/parcels HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
    }
    const forwarded = { 'x-forwarded-for': CLIENT, forwarded: `for=${CLIENT}` };
    const asked = request({
      host: '127.0.0.1',
      port: poweb,
      localAddress: CLIENT,
      headers: forwarded,
    });
    asked.end();
    await new Promise((resolve) =>
      asked.once('response', (answer) => answer.resume().once('end', resolve)),
    );
    using collector = new Collector(poweb, { localAddress: CLIENT, headers: forwarded });
    await collector.challenge();
    collector.socket.send('nonsense');
    await collector.closed;
    await until(() => linesOf(gateway).some(({ closeCode }) => closeCode === 1003));
    assert.doesNotMatch(gateway.logged.join(''), new RegExp(CLIENT.replaceAll('.', '\\.')));
  });
});

/** From an address of the client's own; resolves once the connection is gone. */
async function sendFrom(port: number, text: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: CLIENT });
  socket.on('error', () => {});
  socket.resume().end(text);
  await new Promise((resolve) => socket.once('close', resolve));
}
