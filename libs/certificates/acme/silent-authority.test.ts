import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { blamesClock } from '#clock/blames-clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { answerAcme, send } from '#test/certificates/acme-answers.ts';
import { trustInThisProcess } from '#test/end-to-end/public-port/certificate-files.ts';
import { until } from '#test/runtime/until.ts';
import { AcmeAuthority } from './acme-authority.ts';

describe('an authority that says nothing', () => {
  let server: Server;
  let asked: string[];
  let cut: string[];
  let authority: AcmeAuthority;
  let clock: ManualClock;

  before(async () => {
    server = createServer((request, response) => {
      const { url = '' } = request;
      if (url === silentAt) {
        asked.push(url);
        response.once('close', () => cut.push(url));
      } else {
        answerAcme(request, response, {
          status: url === '/order' ? 201 : 200,
          headers: { location: `http://${request.headers.host}/order/1` },
          body: {
            status: url === '/order/1' ? 'processing' : 'valid',
            authorizations: [`http://${request.headers.host}/authorization`],
            finalize: `http://${request.headers.host}/finalize`,
          },
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const directory = `http://127.0.0.1:${port}/directory`;
    clock = new ManualClock();
    authority = new AcmeAuthority({ directory, email: null }, clock);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  let silentAt: string;

  for (const [at, mayBeIssued] of Object.entries({
    '/directory': false,
    '/nonce': false,
    '/account': false,
    '/order': false,
    '/authorization': false,
    '/finalize': true,
    '/order/1': true,
  })) {
    it(`at ${at} is left at once when the order is ended, with its request cut`, async () => {
      [silentAt, asked, cut] = [at, [], []];
      const ending = new AbortController();
      const issuing = authority.issue({
        name: 'gateway.example',
        accountKey: await authority.newAccountKey(),
        challenges: { answer: () => {}, forget: () => {} },
        signal: ending.signal,
      });
      issuing.catch(() => {});
      await until(() => asked.length > 0);
      ending.abort(new Error('the gateway stops'));
      await assert.rejects(issuing, { reason: 'authority-unavailable', mayBeIssued });
      await until(() => cut.length > 0);
      assert.deepEqual([asked, cut], [[at], [at]]);
    });
  }

  it('is left at once when it is asked for the time', async () => {
    [silentAt, asked, cut] = ['/directory', [], []];
    const ending = new AbortController();
    const asking = authority.time(ending.signal);
    asking.catch(() => {});
    await until(() => asked.length > 0);
    ending.abort();
    await assert.rejects(asking);
    await until(() => cut.length > 0);
  });

  it('is asked for the time for 20 seconds at most', async () => {
    [silentAt, asked, cut] = ['/directory', [], []];
    const asking = authority.time(new AbortController().signal);
    asking.catch(() => {});
    await until(() => asked.length > 0);
    clock.advance(20_000);
    await assert.rejects(asking, /within 20 s/);
    await until(() => cut.length > 0);
  });
});

describe('the time by an authority’s clock', () => {
  it('is what its directory is dated, unless that comes from a cache or has no date', async () => {
    const date = 'Thu, 08 Oct 2026 07:50:38 GMT';
    for (const [headers, expected] of [
      [{ date }, Date.parse(date)],
      [{ date, age: '7' }, null],
      [{ date: 'today' }, null],
      [{}, null],
    ] as const) {
      const server = createServer((_, response) => {
        response.sendDate = false;
        send(response, { status: 200, headers: { ...headers }, body: {} });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const authority = new AcmeAuthority(
        { directory: `http://127.0.0.1:${port}/`, email: null },
        new ManualClock(),
      );
      assert.equal(await authority.time(new AbortController().signal), expected);
      server.close();
      server.closeAllConnections();
    }
  });

  it('is not told where its own certificate has expired, which a wrong clock may cause', async () => {
    const tls = new TlsAuthority();
    trustInThisProcess(tls);
    const day = 86_400_000;
    for (const [validFrom, expiresAt] of [
      [Date.now() - 2 * day, Date.now() - day],
      [Date.now() + day, Date.now() + 2 * day],
    ] as const) {
      const { chain, key } = tls.issue({
        validFrom: new Date(validFrom),
        expiresAt: new Date(expiresAt),
      });
      const server = createTlsServer({ cert: chain, key });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const directory = `https://localhost:${port}/`;
      const authority = new AcmeAuthority({ directory, email: null }, new ManualClock());
      await assert.rejects(authority.time(new AbortController().signal), blamesClock);
      server.close();
      server.closeAllConnections();
    }
  });
});
