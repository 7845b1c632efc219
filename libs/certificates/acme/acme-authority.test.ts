import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { type AcmeAnswer, answerAcme } from '#test/certificates/acme-answers.ts';
import { until } from '#test/runtime/until.ts';
import { CertificateError } from '../port.ts';
import { AcmeAuthority } from './acme-authority.ts';

/** Documented in docs/limits.md. */
const ORDER_TIMEOUT_MS = 300_000;

/** Of an authority that refuses orders; Pebble stands for one that does not. */
describe('an authority that speaks ACME and refuses an order', () => {
  let server: Server;
  let refusal: AcmeAnswer;
  let authority: AcmeAuthority;

  before(async () => {
    server = createServer((request, response) => answerAcme(request, response, refusal));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const directory = `http://127.0.0.1:${port}/directory`;
    authority = new AcmeAuthority({ directory, email: null }, new ManualClock());
  });
  after(() => server.close());

  async function refused(given: AcmeAnswer): Promise<CertificateError> {
    refusal = given;
    const order = {
      name: 'gateway.example',
      accountKey: await authority.newAccountKey(),
      challenges: { answer: () => {}, forget: () => {} },
      signal: new AbortController().signal,
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

  it('says when it may be asked again as Let’s Encrypt does, in a header and in words', async () => {
    // As recorded of it, and as Boulder's source has it.
    const detail =
      'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-10-09 04:49:31 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers';
    const answer = {
      status: 429,
      headers: {
        date: 'Thu, 08 Oct 2026 07:50:38 GMT',
        'content-type': 'application/problem+json',
        'cache-control': 'public, max-age=0, no-cache',
        link: '<https://letsencrypt.org/docs/rate-limits>;rel="help"',
        'retry-after': '75533',
      },
      body: { ...problem('rateLimited', detail), status: 429 },
    };
    const { 'retry-after': _, ...withoutHeader } = answer.headers;
    for (const headers of [answer.headers, withoutHeader]) {
      const error = await refused({ ...answer, headers });
      assert.deepEqual([error.reason, error.retryAfterMs], ['rate-limit', 75_533_000]);
      assert.ok(error.message.includes(`“${detail}”; wait`), error.message);
    }
  });

  it('says so likewise of failed validations, with what it did first', async () => {
    const detail =
      'Error creating new order :: too many failed authorizations (5) for "gateway.example" in the last 1h0m0s, retry after 2026-10-08 08:02:49 UTC: see https://letsencrypt.org/docs/rate-limits/#authorization-failures-per-identifier-per-account';
    const error = await refused({
      status: 429,
      headers: {
        date: 'Thu, 08 Oct 2026 07:50:38 GMT',
        'content-type': 'application/problem+json',
      },
      body: { ...problem('rateLimited', detail), status: 429 },
    });
    assert.deepEqual([error.reason, error.retryAfterMs], ['rate-limit', 731_000]);
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

  it('has no certificate in the making', async () => {
    const error = await refused({ status: 500 });
    assert.equal(error.mayBeIssued, false);
  });

  it('is quoted with the reason why it cannot be reached', async () => {
    const directory = `http://127.0.0.1:${await freePort()}/directory`;
    const unreachable = new AcmeAuthority({ directory, email: null }, new ManualClock());
    const issuing = unreachable.issue({
      name: 'gateway.example',
      accountKey: await unreachable.newAccountKey(),
      challenges: { answer: () => {}, forget: () => {} },
      signal: new AbortController().signal,
    });
    await assert.rejects(issuing, { reason: 'authority-unavailable', message: /ECONNREFUSED/ });
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

/** Once the authority is not done, and is to be asked again, it is too late. */
class ImpatientClock extends ManualClock {
  override schedule(delayMs: number, action: () => void): () => void {
    const cancel = super.schedule(delayMs, action);
    if (delayMs < ORDER_TIMEOUT_MS) {
      setImmediate(() => this.advance(ORDER_TIMEOUT_MS));
    }
    return cancel;
  }
}

describe('an authority that is asked for the certificate itself', () => {
  const chain = 'the chain';
  const serverInternal = { type: 'urn:ietf:params:acme:error:serverInternal', detail: 'no HSM' };

  /** @param answers - by path; all else is as where all goes well */
  async function ordered(answers: Readonly<Record<string, AcmeAnswer>>) {
    const server = createServer((request, response) => {
      const at = (path: string) => `http://${request.headers.host}${path}`;
      const { url = '' } = request;
      if (url === '/certificate') {
        response.end(chain);
        return;
      }
      const answer = answers[url] ?? { status: url === '/order' ? 201 : 200 };
      answerAcme(request, response, {
        ...answer,
        headers: { location: at('/order/1') },
        body: {
          status: 'valid',
          authorizations: [at('/authorization')],
          finalize: at('/finalize'),
          certificate: at('/certificate'),
          ...answer.body,
        },
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const directory = `http://127.0.0.1:${port}/directory`;
    const authority = new AcmeAuthority({ directory, email: null }, new ImpatientClock());
    const issuing = authority.issue({
      name: 'gateway.example',
      accountKey: await authority.newAccountKey(),
      challenges: { answer: () => {}, forget: () => {} },
      signal: new AbortController().signal,
    });
    try {
      return await issuing;
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }

  for (const status of [502, 504]) {
    it(`has issued it where its front lost the answer (${status})`, async () => {
      const issued = await ordered({ '/finalize': { status } });
      assert.equal(issued.chain, chain);
    });
  }

  for (const [status, mayBeIssued] of Object.entries({
    processing: true,
    ready: false,
    invalid: false,
  })) {
    it(`may have issued it after a lost answer, unless the order tells otherwise (${status})`, async () => {
      const issuing = ordered({
        '/finalize': { status: 504 },
        '/order/1': { status: 200, body: { status } },
      });
      await assert.rejects(issuing, { mayBeIssued });
    });
  }

  it('may have issued it where the order cannot be looked at either', async () => {
    const issuing = ordered({ '/finalize': { status: 504 }, '/order/1': { status: 504 } });
    await assert.rejects(issuing, { reason: 'authority-unavailable', mayBeIssued: true });
  });

  it('has not where its front lost an earlier answer', async () => {
    const issuing = ordered({ '/order': { status: 504 } });
    await assert.rejects(issuing, { reason: 'authority-unavailable', mayBeIssued: false });
  });

  for (const status of [500, 503]) {
    it(`has not where it says that it cannot (${status})`, async () => {
      const issuing = ordered({ '/finalize': { status, body: serverInternal } });
      await assert.rejects(issuing, { reason: 'authority-unavailable', mayBeIssued: false });
    });
  }
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
          answer: (token) => void tokens.add(token),
          forget: (token) => void tokens.delete(token),
        },
        signal: new AbortController().signal,
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
