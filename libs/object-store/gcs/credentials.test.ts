import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Credentials } from './credentials.ts';

const URL_ASKED = 'https://storage.googleapis.com/storage/v1/b/parcels';
const NEVER = new Promise<never>(() => {});

describe('credentials for Cloud Storage', () => {
  it('come from one source, which is asked for each request', async () => {
    const asked: string[] = [];
    let opened = 0;
    const credentials = new Credentials(() => {
      opened++;
      return {
        getRequestHeaders: async (url) => {
          asked.push(url);
          return new Headers({ authorization: `Bearer ${asked.length}` });
        },
      };
    });
    assert.equal(opened, 0);
    const { signal } = new AbortController();
    for (const authorization of ['Bearer 1', 'Bearer 2']) {
      assert.deepEqual(await credentials.headersFor(URL_ASKED, signal), { authorization });
    }
    assert.deepEqual(asked, [URL_ASKED, URL_ASKED]);
    assert.equal(opened, 1);
  });

  it('are asked of another source after one gave none in time, by whoever comes next', async () => {
    const answers = [NEVER, Promise.resolve(new Headers({ authorization: 'Bearer new' }))];
    const credentials = new Credentials(() => {
      const answer = answers.shift() ?? Promise.reject(new Error('one source too many'));
      return { getRequestHeaders: () => answer };
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const late = [first, second].map(({ signal }) => credentials.headersFor(URL_ASKED, signal));
    first.abort(new Error('too late'));
    await assert.rejects(late[0] ?? NEVER, /too late/);
    const next = { authorization: 'Bearer new' };
    assert.deepEqual(await credentials.headersFor(URL_ASKED), next);
    second.abort(new Error('too late as well'));
    await assert.rejects(late[1] ?? NEVER, /too late as well/);
    assert.deepEqual(await credentials.headersFor(URL_ASKED), next);
  });

  it('are asked of the same source after it refused', async () => {
    let asked = 0;
    const credentials = new Credentials(() => ({
      getRequestHeaders: async () => {
        asked++;
        throw new Error('Could not load the default credentials');
      },
    }));
    const { signal } = new AbortController();
    for (const times of [1, 2]) {
      await assert.rejects(credentials.headersFor(URL_ASKED, signal), /default credentials/);
      assert.equal(asked, times);
    }
  });
});
