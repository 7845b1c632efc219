import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refusal } from '#awala/errors.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import type { LogFields } from '#log/log.ts';
import { exchange, openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import type { AnsweredRequest } from '../metrics.ts';
import { HTTP_ANSWERS } from './answers.ts';
import type { HttpServer } from './http-server.ts';

describe('HTTP server: errors', () => {
  const failures: Readonly<Record<string, unknown>> = {
    refusal: new Refusal('expired', 'The parcel expired'),
    unforeseen: new Refusal('malformed', 'in the inside'),
    unavailable: new BackingUnavailableError('object-store', 'connect ECONNREFUSED 10.0.0.1:80'),
    full: new BackingFullError('object-store', 'no space left on /data'),
    surprise: new TypeError('cannot read properties of undefined'),
    nothing: undefined,
    misleading: Object.assign(new Error('inside'), { statusCode: 599 }),
  };
  const answers = { ...HTTP_ANSWERS, expired: { status: 422 } };
  const routes = (app: HttpServer['app']) => {
    for (const [name, error] of Object.entries(failures)) {
      app.get(`/${name}`, { config: { answers } }, async () => {
        throw error;
      });
    }
  };

  for (const [path, status, message] of [
    ['/refusal', 422, 'The parcel expired'],
    ['/unavailable', 503, 'The gateway cannot do this at the moment'],
    ['/full', 507, 'The gateway has no room left at the moment'],
    ['/unforeseen', 500, 'The gateway failed to process the request'],
    ['/surprise', 500, 'The gateway failed to process the request'],
    ['/nothing', 500, 'The gateway failed to process the request'],
    ['/misleading', 500, 'The gateway failed to process the request'],
    ['/absent', 404, 'There is nothing here'],
    ['/%zz', 400, 'Bad Request'],
  ] as const) {
    it(`answers ${status} for ${path}, and tells nothing of its inside`, async () => {
      await using server = await openServer({ routes });
      const plain = await fetch(urlOf(server, path));
      assert.equal(plain.status, status);
      assert.equal(plain.headers.get('content-type'), 'text/plain; charset=utf-8');
      assert.equal(await plain.text(), message);
      assert.equal(plain.headers.get('server'), null);
      const headers = { accept: 'text/html, application/json;q=0.9' };
      const json = await fetch(urlOf(server, path), { headers });
      assert.equal(json.status, status);
      assert.match(json.headers.get('content-type') ?? '', /^application\/json/);
      assert.deepEqual(await json.json(), { message });
    });
  }

  it('says when to come back', async () => {
    await using server = await openServer({ routes });
    assert.equal((await fetch(urlOf(server, '/unavailable'))).headers.get('retry-after'), '5');
  });

  it('logs one line for each: surprises as errors, with what was thrown, and outages as warnings', async () => {
    const logged: [string, LogFields][] = [];
    await using server = await openServer({ routes, log: recordingLog(logged) });
    await fetch(urlOf(server, '/refusal'));
    await fetch(urlOf(server, '/surprise'));
    await fetch(urlOf(server, '/unavailable'));
    await until(() => logged.length === 4);
    const messages = logged.map(([message]) => message);
    assert.deepEqual(messages, [
      'info Listening',
      'info Answered',
      'error A request failed',
      'warn A request could not be served',
    ]);
    assert.equal(logged[2]?.[1].error, failures.surprise);
    const { request, ms, ...answered } = logged[1]?.[1] ?? {};
    assert.deepEqual(answered, {
      server: 'test',
      method: 'GET',
      route: '/refusal',
      status: 422,
      reason: 'expired',
    });
    assert.match(String(request), /^[\w-]{8}-0$/);
    assert.equal(typeof ms, 'number');
  });

  it('reports each answer by its route, never by its path', async () => {
    const answered: AnsweredRequest[] = [];
    const onAnswered = (_: string, request: AnsweredRequest) => answered.push(request);
    await using server = await openServer({
      onAnswered,
      routes: (app) => app.get('/peers/:id', async () => 'ok'),
    });
    await fetch(urlOf(server, '/peers/0abc'));
    await fetch(urlOf(server, '/secret-path'));
    await until(() => answered.length === 2);
    assert.deepEqual(
      answered.map(({ route, status }) => [route, status]),
      [
        ['/peers/:id', 200],
        ['none', 404],
      ],
    );
  });

  for (const [what, request, status] of [
    ['no HTTP', 'nonsense\r\n\r\n', 400],
    ['a bad header', 'GET /hello HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n', 400],
    [
      'two lengths',
      'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    ['large headers', `GET /hello HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'a bad chunk',
      'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'a bad content type',
      'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: \x01\r\n\r\n',
      400,
    ],
    [
      'no media type',
      'POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: parcel\r\nContent-Length: 1\r\n\r\n1',
      415,
    ],
  ] as const) {
    it(`answers ${status} to ${what}`, async () => {
      await using server = await openServer();
      const answer = await exchange(server, request);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(answer.split('HTTP/1.1').length, 2);
      assert.equal(await (await fetch(urlOf(server, '/hello'))).text(), 'hello');
    });
  }
});
