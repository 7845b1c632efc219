import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogFields } from '#log/log.ts';
import { openServer, urlOf } from '#test/runtime/opened-http-server.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { ConfigurationError, readConfiguration } from '../configuration/configuration.ts';
import { RequestIds, requestIdVariables } from './request-ids.ts';

const OURS = /^[\w-]{8}-[0-9a-z]+$/;

function requestIdsWith(environment: Readonly<Record<string, string>>): RequestIds {
  return new RequestIds(readConfiguration(environment, requestIdVariables));
}

/** The id that all lines of a request carry, which comes from this machine with these headers. */
async function loggedId(
  environment: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const logged: [string, LogFields][] = [];
  const requestIds = requestIdsWith(environment);
  await using server = await openServer({ log: recordingLog(logged), requestIds });
  await (await fetch(urlOf(server, '/hello'), { headers })).text();
  await until(() => logged.some(([message]) => message === 'info Answered'));
  return logged.at(-1)?.[1].request;
}

describe('the id of a request', () => {
  const headers = { 'x-request-id': 'edge-1', 'x-cloud-trace-context': '105445aa7843bc/1;o=1' };

  it('is what a trusted proxy sends', async () => {
    const environment = { TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' };
    assert.equal(await loggedId(environment, headers), 'edge-1');
  });

  it('comes in the header that is configured', async () => {
    const environment = {
      TRUSTED_PROXIES: '127.0.0.0/8',
      REQUEST_ID_HEADER: 'X-Cloud-Trace-Context',
    };
    assert.equal(await loggedId(environment, headers), '105445aa7843bc/1;o=1');
  });

  it('is ours if anybody else sends one, or nobody does', async () => {
    for (const environment of [{}, { TRUSTED_PROXIES: '10.0.0.0/8,::1' }]) {
      assert.match(String(await loggedId(environment, headers)), OURS);
    }
    assert.match(String(await loggedId({ TRUSTED_PROXIES: '127.0.0.1' }, {})), OURS);
  });

  it('is ours if that of the proxy is none', () => {
    const requestIds = requestIdsWith({ TRUSTED_PROXIES: '127.0.0.1,::1' });
    for (const sent of [
      '',
      ' ',
      'a b',
      'a\u001b[2J',
      'é',
      '"',
      'a'.repeat(129),
      ['a', 'b'],
      undefined,
    ]) {
      assert.match(requestIds.idOf('127.0.0.1', sent), OURS);
    }
    assert.equal(requestIds.idOf('::ffff:127.0.0.1', 'a'.repeat(128)), 'a'.repeat(128));
    assert.equal(requestIds.idOf('::1', 'id'), 'id');
    assert.match(requestIds.idOf(undefined, 'id'), OURS);
  });

  it('is never the same twice, if it is ours', () => {
    const [first, second] = [new RequestIds(), new RequestIds()];
    const ids = [first, first, second, second].map((each) => each.idOf(undefined, undefined));
    assert.equal(new Set(ids).size, 4);
  });

  for (const [name, content] of [
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '::/129'],
    ['TRUSTED_PROXIES', '10.0.0.1,'],
    ['REQUEST_ID_HEADER', 'X Request'],
    ['REQUEST_ID_HEADER', 'trace-bin'],
  ] as const) {
    it(`is refused a configuration that cannot be meant: ${name}=${content}`, () => {
      assert.throws(
        () => readConfiguration({ [name]: content }, requestIdVariables),
        (error) => error instanceof ConfigurationError && error.message.includes(name),
      );
    });
  }
});
