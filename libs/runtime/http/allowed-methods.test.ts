import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exchange, openServer, urlOf } from '#test/runtime/opened-http-server.ts';

describe('HTTP server: methods', () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
    it(`answers 405 and says which there are, to ${method}`, async () => {
      await using server = await openServer();
      const body = method === 'PUT' ? 'x'.repeat(1_000_000) : null;
      const response = await fetch(urlOf(server, '/echo?a=b'), { method, body });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get('allow'), 'OPTIONS, POST');
    });
  }

  it('answers 204 to OPTIONS, and says which there are', async () => {
    await using server = await openServer();
    const response = await fetch(urlOf(server, '/hello'), { method: 'OPTIONS' });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.equal(await response.text(), '');
  });

  it('answers 404 where there is nothing, whatever the method', async () => {
    await using server = await openServer();
    for (const method of ['GET', 'POST', 'OPTIONS', 'PUT']) {
      const response = await fetch(urlOf(server, '/absent'), { method });
      assert.deepEqual([response.status, response.headers.get('allow')], [404, null], method);
    }
  });

  it('answers on a connection that goes on to serve, even if a body came', async () => {
    await using server = await openServer();
    const host = 'Host: a\r\n';
    const answers = await exchange(
      server,
      `OPTIONS /echo HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello` +
        `GET /hello HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    );
    assert.match(answers, /^HTTP\/1\.1 204 No Content\r\n.*HTTP\/1\.1 200 OK\r\n.*hello$/s);
  });
});
