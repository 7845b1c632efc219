import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { RecordedLog } from '#test/end-to-end/workers/recorded.ts';
import { deliveryOverrides, warnAboutOverrides } from './delivery-overrides.ts';

function read(content: string | undefined) {
  return readConfiguration({ DELIVERY_OVERRIDES: content }, { deliveryOverrides })
    .deliveryOverrides;
}

describe('DELIVERY_OVERRIDES', () => {
  it('names nothing unless it is set', () => {
    assert.equal(read(undefined).size, 0);
  });

  it('takes pairs with commas between them, in any case and with blanks', () => {
    const overrides = read(
      'App.Localhost.=http://127.0.0.1:9000 , b.example = https://[::1]/in?a=b',
    );
    assert.deepEqual(
      [...overrides].map(([address, url]) => [address, url.href]),
      [
        ['app.localhost', 'http://127.0.0.1:9000/'],
        ['b.example', 'https://[::1]/in?a=b'],
      ],
    );
  });

  const refused = [
    ['nothing but a URL', 'http://127.0.0.1:9000', /pair 1 does not/],
    ['a name of one label', 'a.example=http://127.0.0.1,app=http://127.0.0.1', /pair 2 does not/],
    ['an IP address', '127.0.0.1=http://127.0.0.1', /pair 1 does not/],
    ['a pattern', '*.localhost=http://127.0.0.1', /pair 1 does not/],
    ['a comma too many', 'app.localhost=http://127.0.0.1,', /pair 2 does not/],
    ['a name without a URL', 'app.localhost=', /must give app\.localhost a URL/],
    ['a host without a scheme', 'app.localhost=127.0.0.1:9000', /must give app\.localhost a URL/],
    ['another scheme', 'app.localhost=ftp://127.0.0.1', /must give app\.localhost a URL/],
    ['the same name twice', 'a.example=http://a,A.EXAMPLE=http://b', /names a\.example twice/],
    [
      'more than it has room for',
      Array.from({ length: 65 }, (_, index) => `a${index}.example=http://127.0.0.1`).join(','),
      /must be up to 64 pairs/,
    ],
  ] as const;
  for (const [what, content, sentence] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => read(content), { code: 'CONFIGURATION', message: sentence });
    });
  }

  it('refuses a password, and does not show it', () => {
    assert.throws(
      () => read('app.localhost=http://me:hunter2@127.0.0.1'),
      ({ message }: Error) => /no password/.test(message) && !message.includes('hunter2'),
    );
  });

  it('is warned about, address by address', () => {
    const log = new RecordedLog();
    warnAboutOverrides(read('a.example=http://127.0.0.1:1,b.example=http://127.0.0.1:2'), log);
    assert.deepEqual(
      log.lines.map(({ level, address, url }) => [level, address, String(url)]),
      [
        ['warn', 'a.example', 'http://127.0.0.1:1/'],
        ['warn', 'b.example', 'http://127.0.0.1:2/'],
      ],
    );
  });
});
