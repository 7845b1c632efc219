import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { OrdersUnderTest } from '#test/certificates/orders-under-test.ts';
import { DIRECTORY, renewed, SayingAuthority } from '#test/certificates/saying-authority.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { NAME } from '../contract.ts';
import { CertificateError } from '../port.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Documented in docs/limits.md. */
const MOST_PER_HOUR = 4;
const MOST_PER_WEEK = 50;
const MOST_CERTIFICATES_PER_WEEK = 4;

const ORDERED = { name: NAME, directory: DIRECTORY, mayBeIssued: true };

describe('orders of certificates', () => {
  const validFrom = new Date('2026-03-01T00:00:00Z');
  const certificate = new TlsAuthority().issue({ validFrom });
  let orders: OrdersUnderTest;

  beforeEach(async () => {
    orders = await OrdersUnderTest.begin(certificate);
  });
  afterEach(() => orders[Symbol.asyncDispose]());

  it('are not made unless the authority can be asked for the time', async () => {
    orders.authority.tells = async () => {
      throw new Error('connect ECONNREFUSED');
    };
    await using certificates = await orders.start();
    await orders.pass(HOUR_MS, MINUTE_MS);
    assert.equal(certificates.failure?.reason, 'authority-unavailable');
    assert.match(certificates.failure?.detail ?? '', /connect ECONNREFUSED/);
    assert.equal(orders.authority.orders, 0);
  });

  it('are four in a week at most if each certificate looks old the moment it is there, over restarts', async () => {
    orders.clock.set(new Date(validFrom.getTime() + 400 * DAY_MS));
    await orders.restart(3 * HOUR_MS, 7 * DAY_MS);
    assert.equal(orders.authority.orders, MOST_CERTIFICATES_PER_WEEK);
    await orders.restart(6 * HOUR_MS, 7 * DAY_MS);
    assert.equal(orders.authority.orders, 2 * MOST_CERTIFICATES_PER_WEEK);
  });

  it('are four in a week at most if the process never gets the answer', async () => {
    orders.authority.says = 'nothing';
    await orders.restart(30_000, 2 * HOUR_MS);
    assert.equal(orders.authority.orders, MOST_CERTIFICATES_PER_WEEK);
    await using certificates = await orders.start();
    assert.equal(certificates.failure?.reason, 'rate-limit');
    assert.match(
      certificates.failure?.detail ?? '',
      /got 4 certificates lately, or may have, and makes the next order at 2026-03-08T00:00/,
    );
    await orders.pass(6 * DAY_MS, 6 * HOUR_MS);
    assert.equal(orders.authority.orders, MOST_CERTIFICATES_PER_WEEK);
    orders.authority.says = certificate;
    await orders.pass(2 * DAY_MS, HOUR_MS);
    await until(() => certificates.current !== null);
  });

  for (const everyMs of [30_000, 61_000, 20 * MINUTE_MS]) {
    it(`are four in an hour at most if all fail and it restarts every ${everyMs / 1_000} s`, async () => {
      orders.authority.says = new CertificateError('unreachable', 'nobody answers on port 80');
      await orders.restart(everyMs, 2 * HOUR_MS);
      const made = orders.authority.orders;
      assert.ok(made >= MOST_PER_HOUR && made <= 2 * MOST_PER_HOUR, `${made}`);
    });
  }

  it('are fifty in a week at most if all fail and it restarts every hour', async () => {
    orders.authority.says = new CertificateError('unreachable', 'nobody answers on port 80');
    await orders.restart(HOUR_MS, 7 * DAY_MS - HOUR_MS);
    assert.equal(orders.authority.orders, MOST_PER_WEEK);
  });

  it('from one authority are not bounded by those from another', async () => {
    orders.authority.says = 'nothing';
    await orders.restart(30_000, HOUR_MS);
    assert.equal(orders.authority.orders, MOST_CERTIFICATES_PER_WEEK);
    orders.authority.says = certificate;
    await using certificates = await orders.start('https://other.example/dir');
    await orders.pass(0);
    await until(() => certificates.current !== null);
    assert.equal(orders.authority.orders, MOST_CERTIFICATES_PER_WEEK + 1);
    assert.equal(certificates.failure, null);
  });

  it('are not made if they cannot be noted, and then say so', async () => {
    const certificates = await orders.start();
    await rm(orders.folder, { recursive: true });
    await writeFile(orders.folder, '');
    await orders.pass(0);
    await until(() => certificates.failure !== null);
    assert.equal(certificates.failure?.reason, 'files');
    assert.equal(orders.authority.orders, 0);
    await certificates[Symbol.asyncDispose]();
  });

  it('are not made if the key of the account cannot be noted, with what to do', async () => {
    await using certificates = await orders.start();
    await rm(orders.folder, { recursive: true });
    await orders.pass(0);
    await until(() => certificates.failure !== null);
    await mkdir(orders.folder);
    const { reason, detail } = certificates.failure ?? {};
    assert.equal(reason, 'files');
    assert.match(detail ?? '', /^nothing is ordered, as the key .*ENOENT.*; see to the files$/);
    assert.equal(orders.authority.orders, 0);
  });

  for (const [what, noted] of Object.entries({
    'are of another century': Array(9).fill({ at: '2126-01-01T00:00:00Z', ...ORDERED }),
    'are many': Array(300).fill({ at: '2026-02-28T23:59:59Z', ...ORDERED }),
  })) {
    it(`are made within a week if those that were noted ${what}, however often it restarts`, async () => {
      await writeFile(join(orders.folder, 'orders.json'), JSON.stringify(noted));
      await orders.restart(6 * HOUR_MS, 7 * DAY_MS - 6 * HOUR_MS);
      assert.equal(orders.authority.orders, 0);
      await orders.restart(6 * HOUR_MS, DAY_MS);
      assert.equal(orders.authority.orders, 1);
    });
  }

  for (const content of ['', '{', '7', '[7]', '[{}]', '[{"at":"soon"}]', '{"at":0}', 'null']) {
    it(`are made if the note of them is “${content}”`, async () => {
      await writeFile(join(orders.folder, 'orders.json'), content);
      await using certificates = await orders.start();
      await orders.pass(0);
      await until(() => certificates.current !== null);
      const noted = JSON.parse(await readFile(join(orders.folder, 'orders.json'), 'utf8'));
      assert.deepEqual(noted, [{ at: validFrom.toISOString(), ...ORDERED }]);
    });
  }

  it('are made where pipes stand for what is kept, reading which would never end', async () => {
    for (const name of ['account.pem', 'attempts.json', 'orders.json', `${NAME}.pem`]) {
      execFileSync('mkfifo', [join(orders.folder, name)]);
    }
    await using certificates = await orders.start();
    await orders.pass(0);
    await until(() => certificates.current !== null);
  });

  it('are not made again where a certificate is there that cannot be kept, but used', async () => {
    await mkdir(join(orders.folder, `${NAME}.pem`));
    await using certificates = await orders.start();
    await orders.pass(DAY_MS, HOUR_MS);
    assert.deepEqual([orders.authority.orders, certificates.failure], [1, null]);
    assert.equal(certificates.current?.chain, certificate.chain);
    assert.ok(
      orders.logged.some(([message]) => /^error The new certificate cannot be kept/.test(message)),
    );
  });

  it('of certificates that last a day are made as often as those are due', async () => {
    let issued = 0;
    orders.authority.says = 'nothing';
    const issuer = new TlsAuthority();
    orders.authority.issue = async () => {
      issued++;
      const from = orders.clock.now();
      return issuer.issue({ validFrom: from, expiresAt: new Date(from.getTime() + DAY_MS) });
    };
    await using certificates = await orders.start();
    await orders.pass(14 * DAY_MS, HOUR_MS);
    assert.ok(issued >= 20, `${issued}`);
    assert.equal(certificates.failure, null);
  });
});

describe('an order that is under way when the gateway stops', () => {
  it('ends at once, without a word, and counts as one that may have brought a certificate', async () => {
    const clock = new ManualClock();
    const folder = await mkdtemp(join(tmpdir(), 'awala-orders-'));
    const logged: [string, LogFields][] = [];
    const authority = new SayingAuthority('nothing', clock);
    const certificates = renewed(authority, { clock, folder, log: recordingLog(logged) });
    await certificates.start(() => {});
    await until(() => {
      clock.advance(0);
      return authority.orders > 0;
    });
    await certificates[Symbol.asyncDispose]();
    clock.advance(DAY_MS);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([logged, authority.orders], [[], 1]);
    const noted = JSON.parse(await readFile(join(folder, 'orders.json'), 'utf8'));
    assert.equal(noted.length, 1);
    await rm(folder, { recursive: true });
  });
});
