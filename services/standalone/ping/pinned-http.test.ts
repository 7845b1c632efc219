import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { TlsCertificate } from '#certificates/port.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { PinnedHttp } from './pinned-http.ts';

const PATIENCE_MS = 10_000;

describe('PinnedHttp', () => {
  const server = { port: 0, close: () => {} };
  let certificate: TlsCertificate;

  before(async () => {
    certificate = selfSigned({ names: ['host.example'] });
    const options = { key: certificate.key, cert: certificate.chain, allowHTTP1: true };
    const listening = createSecureServer(options, answer).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    server.port = (listening.address() as AddressInfo).port;
    server.close = () => listening.close();
  });
  after(() => server.close());

  function open(): PinnedHttp {
    const pin = { address: '127.0.0.1', ca: certificate.chain };
    return new PinnedHttp(new URL(`https://host.example:${server.port}`), pin);
  }

  it('speaks HTTP/2 where that is offered, as OkHttp does, to the address that it was given', async () => {
    await using http = open();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const body = Buffer.alloc(5_000);
    const answered = await http.ask('/', { method: 'POST', body, status: 202, signal });
    assert.equal(Buffer.from(answered.body).toString(), 'HTTP/2.0, 5000 octets');
    await http.ask('/', { method: 'HEAD', signal });
  });

  it('takes no other status, and no redirect', async () => {
    await using http = open();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const refused = http.ask('/', { method: 'GET', status: 202, signal });
    await assert.rejects(refused, { message: 'HTTP 200 HTTP/2.0, 0 octets' });
    const redirected = http.ask('/elsewhere', { method: 'HEAD', signal });
    await assert.rejects(redirected, {
      message: 'HTTP 302 to https://other.example/, which phones do not follow',
    });
  });
});

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  let octets = 0;
  for await (const chunk of request) {
    octets += (chunk as Buffer).length;
  }
  if (request.url === '/elsewhere') {
    response.writeHead(302, { location: 'https://other.example/' });
  } else {
    response.writeHead(request.method === 'POST' ? 202 : 200);
  }
  // Node leaves the body out of answers to HEAD.
  response.end(`HTTP/${request.httpVersion}, ${octets} octets`);
}
