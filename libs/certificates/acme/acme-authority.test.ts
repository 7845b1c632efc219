import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
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
