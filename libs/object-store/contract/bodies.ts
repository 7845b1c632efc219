import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testsOver } from '#test/tests-over.ts';
import { bodyOf, IN_A_WEEK, type OpenObjectStore } from './opened-store.ts';

const KIB = 1_024;
const SIZES = [
  0,
  1,
  4_095,
  4_096,
  64 * KIB,
  128 * KIB - 1,
  128 * KIB,
  128 * KIB + 1,
  9 * KIB * KIB,
];

export function describeBodies(open: OpenObjectStore): void {
  const test = testsOver(open);
  describe('bodies', () => {
    test('gives back what was put, octet by octet, at every size', async ({ store }) => {
      for (const size of SIZES) {
        const body = bodyOf(size, size % 7);
        const generation = await store.put(`sizes/${size}`, body, { expiresAt: IN_A_WEEK });
        const stored = await store.get(`sizes/${size}`);
        assert.ok(stored, `${size} octets were put and are absent`);
        assert.equal(Buffer.compare(stored.body, body), 0, `${size} octets came back changed`);
        assert.equal(stored.generation, generation);
        assert.deepEqual(stored.expiresAt, IN_A_WEEK);
      }
    });

    test('stores a view without what surrounds it in its buffer', async ({ store }) => {
      const view = bodyOf(100).subarray(40, 60);
      await store.put('view', view, { expiresAt: IN_A_WEEK });
      assert.deepEqual(bytes((await store.get('view'))?.body), [...bodyOf(100)].slice(40, 60));
    });

    test('leaves the body usable to the caller, and is not changed by what the caller does to it', async ({
      store,
    }) => {
      for (const size of [1_000, 200_000]) {
        const body = bodyOf(size);
        await store.put('mine', body, { expiresAt: IN_A_WEEK });
        assert.equal(Buffer.compare(body, bodyOf(size)), 0);
        body.fill(0xff);
        const stored = await store.get('mine');
        assert.equal(Buffer.compare(stored?.body ?? Buffer.of(), bodyOf(size)), 0);
      }
    });

    test('is not changed by what the caller does to a body it got', async ({ store }) => {
      await store.put('mine', bodyOf(10), { expiresAt: IN_A_WEEK });
      (await store.get('mine'))?.body.fill(0xff);
      assert.deepEqual(bytes((await store.get('mine'))?.body), [...bodyOf(10)]);
    });

    test('replaces body, expiry and generation together, from any size to any other', async ({
      store,
    }) => {
      const generations = new Set<string>();
      const sizes = [10, 200_000, 300_000, 20, 0, 200_000, 0];
      for (const [index, size] of sizes.entries()) {
        const expiresAt = new Date(IN_A_WEEK.getTime() + index * 1_000);
        generations.add(await store.put('replaced', bodyOf(size, index), { expiresAt }));
        const stored = await store.get('replaced');
        assert.equal(Buffer.compare(stored?.body ?? Buffer.of(1), bodyOf(size, index)), 0);
        assert.deepEqual(stored?.expiresAt, expiresAt);
      }
      assert.equal(generations.size, sizes.length);
    });

    test('keeps one of several objects put at once under one key, whole', async ({ store }) => {
      const sizes = [10, 200_000, 20, 200_000, 30, 0, 40, 150_000];
      const generations = await Promise.all(
        sizes.map((size, seed) =>
          store.put('contended', bodyOf(size, seed), { expiresAt: IN_A_WEEK }),
        ),
      );
      assert.equal(new Set(generations).size, sizes.length);
      const stored = await store.get('contended');
      const winner = generations.indexOf(stored?.generation ?? '');
      assert.notEqual(winner, -1);
      const expected = bodyOf(sizes[winner] ?? 0, winner);
      assert.equal(Buffer.compare(stored?.body ?? Buffer.of(), expected), 0);
    });

    test('shows readers the old object or the new one, never a mix and never none', async ({
      store,
    }) => {
      const put = (seed: number) =>
        store.put('read', bodyOf(seed % 2 === 0 ? 50 : 150_000, seed), {
          expiresAt: IN_A_WEEK,
        });
      await put(0);
      let writing = true;
      const writer = (async () => {
        for (let seed = 1; seed <= 12; seed++) {
          await put(seed);
        }
        writing = false;
      })();
      while (writing) {
        const body = (await store.get('read'))?.body;
        assert.ok(body, 'an object that was only ever replaced was absent');
        assert.equal(Buffer.compare(body, bodyOf(body.length, body[0] ?? 0)), 0);
      }
      await writer;
    });
  });
}

function bytes(body: Uint8Array | undefined): number[] | undefined {
  return body && [...body];
}
