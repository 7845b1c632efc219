import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { ACCOUNT_KEY, renewed, SayingAuthority } from '#test/certificates/saying-authority.ts';
import { until } from '#test/runtime/until.ts';
import { describeCertificates, NAME } from '../contract.ts';
import { CertificateError } from '../port.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'awala-certificates-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describeCertificates('an authority', async (first) => {
  const folder = await makeFolder();
  const clock = new ManualClock(first.validFrom);
  const authority = new SayingAuthority(first, clock);
  const certificates = renewed(authority, { clock, folder: folder.path });
  return {
    certificates,
    clock,
    lookMs: 6 * HOUR_MS,
    async offer(certificate) {
      authority.says = certificate ?? new CertificateError('dns', 'the name leads nowhere');
    },
    async [Symbol.asyncDispose]() {
      await certificates[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describe('certificates that an authority issues', () => {
  const issuer = new TlsAuthority();
  const validFrom = new Date('2026-03-01T00:00:00Z');
  const certificate = issuer.issue({ validFrom });
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let clock: ManualClock;
  let authority: SayingAuthority;

  beforeEach(async () => {
    await folder?.[Symbol.asyncDispose]();
    folder = await makeFolder();
    clock = new ManualClock(validFrom);
    authority = new SayingAuthority(certificate, clock);
  });
  after(() => folder[Symbol.asyncDispose]());

  async function started(options: { directory?: string; random?: () => number } = {}) {
    const certificates = renewed(authority, { clock, folder: folder.path, ...options });
    await certificates.start(() => {});
    return certificates;
  }

  /** Lets time pass in steps, each with whatever falls due. */
  async function pass(ms: number, stepMs = MINUTE_MS): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      clock.advance(stepMs);
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async function untilOrdered(count: number): Promise<void> {
    await until(() => {
      clock.advance(0);
      return authority.orders >= count;
    }, 1);
  }

  it('are renewed at two thirds of their life, and each a little later than that at random', async () => {
    for (const [random, day] of [
      [0, 60],
      [0.999, 63],
    ] as const) {
      await using certificates = await started({ random: () => random });
      const orders = authority.orders;
      if (orders === 0) {
        await untilOrdered(1);
        await until(() => certificates.current !== null);
      }
      const known = authority.orders;
      clock.set(new Date(validFrom.getTime() + day * DAY_MS - HOUR_MS));
      await pass(50 * MINUTE_MS, 10 * MINUTE_MS);
      assert.equal(authority.orders, known);
      await until(async () => {
        await pass(30 * MINUTE_MS, 10 * MINUTE_MS);
        return authority.orders > known;
      });
      clock.set(validFrom);
    }
    assert.equal(new Set(authority.accountKeys).size, 1);
  });

  it('are not asked for before the time that the authority set, whatever restarts', async () => {
    const detail = 'too many certificates; wait';
    authority.says = new CertificateError('rate-limit', detail, { retryAfterMs: 10 * HOUR_MS });
    const first = await started();
    await untilOrdered(1);
    await until(() => first.failure !== null);
    await until(async () => (await readdir(folder.path)).includes('attempts.json'));
    await first[Symbol.asyncDispose]();
    await using second = await started();
    assert.deepEqual(second.failure, { failures: 1, reason: 'rate-limit', detail });
    await pass(9 * HOUR_MS, 30 * MINUTE_MS);
    assert.equal(authority.orders, 1);
    authority.says = certificate;
    await until(async () => {
      await pass(HOUR_MS, 10 * MINUTE_MS);
      return second.current !== null;
    });
    assert.deepEqual([authority.orders, second.failure], [2, null]);
  });

  for (const [what, retryAfterMs, hours] of [
    ['a million seconds', 1_000_000_000, 24],
    ['years', 100 * 365 * DAY_MS, 24],
    ['for ever', Number.POSITIVE_INFINITY, 24],
    ['a second', 1_000, 1],
  ] as const) {
    it(`are asked for within ${hours} h if the authority wants to be left alone for ${what}, whatever restarts`, async () => {
      authority.says = new CertificateError('rate-limit', 'too many', { retryAfterMs });
      const first = await started();
      await untilOrdered(1);
      await until(async () => (await readdir(folder.path)).includes('attempts.json'));
      await first[Symbol.asyncDispose]();
      await using second = await started();
      if (hours > 1) {
        await pass((hours - 1) * HOUR_MS, HOUR_MS);
        assert.equal(authority.orders, 1);
      }
      authority.says = certificate;
      await pass(HOUR_MS, 10 * MINUTE_MS);
      await until(() => second.current !== null);
    });
  }

  it('are asked for a minute after a restart, if it was no rate limit, as the operator may have mended it', async () => {
    authority.says = new CertificateError('dns', 'the name leads nowhere');
    const first = await started();
    await untilOrdered(1);
    await until(async () => (await readdir(folder.path)).includes('attempts.json'));
    await first[Symbol.asyncDispose]();
    authority.says = certificate;
    await using second = await started();
    await pass(50_000, 10_000);
    assert.equal(authority.orders, 1);
    await pass(10_000, 10_000);
    await until(() => second.current !== null);
  });

  it('are replaced at once when the operator names another authority', async () => {
    const first = await started();
    await untilOrdered(1);
    await until(() => first.current !== null);
    await first[Symbol.asyncDispose]();
    const next = issuer.issue({ validFrom });
    authority.says = next;
    await using second = await started({ directory: 'https://other.example/dir' });
    assert.equal(second.current?.chain, certificate.chain);
    await until(() => {
      clock.advance(0);
      return second.current?.chain === next.chain;
    }, 1);
  });

  for (const [what, attempts] of [
    [
      'another year',
      { failures: 3, reason: 'rate-limit', detail: '', nextAt: '2126-01-01T00:00:00Z' },
    ],
    ['no time', { failures: 3, reason: 'rate-limit', detail: '', nextAt: 'soon' }],
    ['nothing', {}],
    ['a number', 7],
    ['words', { failures: 'many', reason: ['dns'], detail: {}, nextAt: null }],
  ] as const) {
    it(`are ordered within a day, and not all the time, if the note of attempts says ${what}`, async () => {
      await writeFile(join(folder.path, 'attempts.json'), JSON.stringify(attempts));
      await using certificates = await started();
      await pass(25 * HOUR_MS, HOUR_MS);
      await until(() => certificates.current !== null);
      assert.equal(authority.orders, 1);
      assert.equal(certificates.failure, null);
    });
  }

  it('are not ordered again and again when the clock is so far ahead that each is due at once', async () => {
    clock.set(new Date(validFrom.getTime() + 400 * DAY_MS));
    await using certificates = await started();
    await untilOrdered(1);
    await until(() => certificates.current !== null);
    await pass(20 * HOUR_MS, HOUR_MS);
    assert.equal(authority.orders, 1);
    // Once it is right, so are the times.
    clock.set(validFrom);
    await pass(50 * DAY_MS, 6 * HOUR_MS);
    assert.ok(authority.orders <= 2);
  });

  it('are not delayed by a pause that was counted while the clock was ahead', async () => {
    authority.says = new CertificateError('dns', 'the name leads nowhere');
    clock.set(new Date(validFrom.getTime() + 400 * DAY_MS));
    await using certificates = await started();
    await untilOrdered(1);
    await until(async () => (await readdir(folder.path)).includes('attempts.json'));
    clock.set(new Date(validFrom.getTime() + HOUR_MS));
    authority.says = certificate;
    let hours = 0;
    await until(async () => {
      await pass(HOUR_MS, HOUR_MS);
      hours++;
      return certificates.current !== null;
    }, 1);
    assert.ok(hours < 200, `${hours}`);
  });

  it('are ordered with a new account if the key of the former one is damaged', async () => {
    await writeFile(join(folder.path, 'account.pem'), '-----BEGIN PRIVATE KEY-----\nMIG');
    await using certificates = await started();
    await untilOrdered(1);
    await until(() => certificates.current !== null);
    assert.deepEqual(authority.accountKeys, [ACCOUNT_KEY]);
    assert.equal(await readFile(join(folder.path, 'account.pem'), 'utf8'), ACCOUNT_KEY);
  });

  it('are refused if no server can show all of them, and the former one stays', async () => {
    authority.says = {
      ...certificate,
      chain: `${certificate.chain}-----BEGIN CERTIFICATE-----\nMIIB`,
    };
    await using certificates = await started();
    await untilOrdered(1);
    await until(() => certificates.failure !== null);
    assert.equal(certificates.current, null);
    assert.ok(!(await readdir(folder.path)).includes(`${NAME}.pem`));
  });

  it('are ordered anew if what was kept cannot be used', async () => {
    await writeFile(join(folder.path, `${NAME}.pem`), 'half a file');
    await writeFile(join(folder.path, 'attempts.json'), '{');
    await using certificates = await started();
    assert.equal(certificates.current, null);
    await until(() => {
      clock.advance(0);
      return certificates.current !== null;
    }, 1);
  });
});
