import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { until } from '#test/runtime/until.ts';
import { CertificateError } from '../port.ts';
import { AcmeAuthority } from './acme-authority.ts';

interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Of an authority that refuses orders; Pebble stands for one that does not. */
describe('an authority that speaks ACME and refuses an order', () => {
  let server: Server;
  let refusal: Refusal;
  let authority: AcmeAuthority;

  before(async () => {
    server = createServer((request, response) => answer(request, response, refusal));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const directory = `http://127.0.0.1:${port}/directory`;
    authority = new AcmeAuthority({ directory, email: null }, new ManualClock());
  });
  after(() => server.close());

  async function refused(given: Refusal): Promise<CertificateError> {
    refusal = given;
    const order = {
      name: 'gateway.example',
      accountKey: await authority.newAccountKey(),
      challenges: { open: async () => {}, answer: () => {}, forget: () => {} },
    };
    try {
      await authority.issue(order);
    } catch (error) {
      assert.ok(error instanceof CertificateError);
      return error;
    }
    return assert.fail('it was not refused');
  }

  const problem = (type: string, detail: string) => ({
    type: `urn:ietf:params:acme:error:${type}`,
    detail,
  });

  it('says when it may be asked again, in seconds', async () => {
    const error = await refused({
      status: 429,
      headers: { 'retry-after': '7200' },
      body: problem('rateLimited', 'too many certificates already issued'),
    });
    assert.deepEqual([error.reason, error.retryAfterMs], ['rate-limit', 7_200_000]);
    assert.match(error.message, /too many certificates already issued.*wait/);
  });

  it('says when it may be asked again, as a date by its own clock', async () => {
    const error = await refused({
      status: 429,
      headers: {
        date: 'Sun, 01 Mar 2026 00:00:00 GMT',
        'retry-after': 'Sun, 01 Mar 2026 01:00:00 GMT',
      },
    });
    assert.deepEqual([error.reason, error.retryAfterMs], ['rate-limit', 3_600_000]);
  });

  it('is not to blame the operator when it is out of order', async () => {
    const error = await refused({ status: 503 });
    assert.deepEqual([error.reason, error.retryAfterMs], ['authority-unavailable', null]);
  });

  it('is quoted on one line, however much it says', async () => {
    const detail = `policy\n\u001b[31mforbids ${'this '.repeat(200)}`;
    const error = await refused({ status: 403, body: problem('rejectedIdentifier', detail) });
    assert.equal(error.reason, 'refused');
    assert.match(error.message, /policy .*forbids/);
    assert.doesNotMatch(error.message, /\p{C}/u);
    assert.ok(error.message.length < 500);
  });
});

describe('an authority that never comes to an end', () => {
  it('is asked no more once an order took too long', async () => {
    let looks = 0;
    const server = createServer(({ url, headers }, response) => {
      looks += url === '/authorization' ? 1 : 0;
      const at = (path: string) => `http://${headers.host}${path}`;
      response.setHeader('replay-nonce', 'a-nonce');
      response.setHeader('location', at(url === '/order' ? '/order/1' : '/account/1'));
      response.writeHead(url === '/order' ? 201 : 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          newNonce: at('/nonce'),
          newAccount: at('/account'),
          newOrder: at('/order'),
          status: 'pending',
          authorizations: [at('/authorization')],
          challenges: [{ type: 'http-01', url: at('/challenge'), token: 'token' }],
          url: at('/challenge'),
        }),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const clock = new ManualClock();
      const { port } = server.address() as AddressInfo;
      const directory = `http://127.0.0.1:${port}/directory`;
      const authority = new AcmeAuthority({ directory, email: null }, clock);
      const tokens = new Set<string>();
      const issuing = authority.issue({
        name: 'gateway.example',
        accountKey: await authority.newAccountKey(),
        challenges: {
          open: async () => {},
          answer: (token) => void tokens.add(token),
          forget: (token) => void tokens.delete(token),
        },
      });
      issuing.catch(() => {});
      await until(() => {
        clock.advance(1_000);
        return looks > 2;
      });
      clock.advance(300_000);
      await assert.rejects(issuing, { reason: 'authority-unavailable', message: /too long/ });
      await until(() => tokens.size === 0);
      const before = looks;
      for (let seconds = 0; seconds < 20; seconds++) {
        clock.advance(2_000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(looks, before);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

function answer({ url, headers }: IncomingMessage, response: ServerResponse, refusal: Refusal) {
  const at = (path: string) => `http://${headers.host}${path}`;
  response.setHeader('replay-nonce', 'a-nonce');
  switch (url) {
    case '/directory':
      return send(response, {
        status: 200,
        body: {
          newNonce: at('/nonce'),
          newAccount: at('/account'),
          newOrder: at('/order'),
        },
      });
    case '/nonce':
      return send(response, { status: 200 });
    case '/account':
    case '/account/1':
      return send(response, {
        status: 200,
        headers: { location: at('/account/1') },
        body: { status: 'valid' },
      });
    default:
      return send(response, refusal);
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: Refusal) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body && JSON.stringify(body));
}
