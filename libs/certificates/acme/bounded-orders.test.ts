import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { AwaitedClock } from '#test/certificates/awaited-clock.ts';
import { renewed, SayingAuthority } from '#test/certificates/saying-authority.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { NAME } from '../contract.ts';
import { CertificateError } from '../port.ts';
import type { RenewedCertificates } from './renewed-certificates.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Documented in docs/limits.md. */
const MOST_PER_HOUR = 4;
const MOST_PER_WEEK = 50;
const MOST_CERTIFICATES_PER_WEEK = 4;

describe('orders of certificates', () => {
  const validFrom = new Date('2026-03-01T00:00:00Z');
  const certificate = new TlsAuthority().issue({ validFrom });
  let folder: string;
  let clock: AwaitedClock;
  let authority: SayingAuthority;
  let logged: [string, LogFields][];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-orders-'));
    clock = new AwaitedClock(validFrom);
    authority = new SayingAuthority(certificate, clock);
    logged = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function started(): Promise<RenewedCertificates> {
    const certificates = renewed(authority, { clock, folder, log: recordingLog(logged) });
    await certificates.start(() => {});
    return certificates;
  }

  /** Lets time pass, in steps after each of which whatever fell due comes to its end. */
  async function pass(ms: number, stepMs = ms): Promise<void> {
    for (let passedMs = 0; passedMs < ms || ms === 0; passedMs += stepMs) {
      clock.advance(stepMs);
      await until(() => clock.isAwaited || authority.isSilent);
      if (ms === 0) {
        return;
      }
    }
  }

  /** A service that is started every so often, each time ending without a word. */
  async function crashLoop(everyMs: number, forMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      const certificates = await started();
      await pass(0);
      await pass(everyMs);
      await certificates[Symbol.asyncDispose]();
    }
  }

  describe('by a clock that the authority’s differs from', () => {
    for (const [what, offsetMs] of Object.entries({
      'a day ahead': DAY_MS,
      'a day behind': -DAY_MS,
      'years ahead': 2_000 * DAY_MS,
      'years behind': -2_000 * DAY_MS,
      'six minutes ahead': 6 * MINUTE_MS,
    })) {
      it(`are not made while it is ${what}, over restarts, and are as soon as it is right`, async () => {
        authority.tells = async () => clock.now().getTime() - offsetMs;
        for (let days = 0; days < 3; days++) {
          await using certificates = await started();
          await pass(DAY_MS, HOUR_MS);
          assert.equal(certificates.failure?.reason, 'clock');
        }
        assert.equal(authority.orders, 0);
        // Once by each process.
        assert.equal(logged.filter(([message]) => message.startsWith('error')).length, 3);
        await using certificates = await started();
        await pass(MINUTE_MS);
        authority.tells = null;
        clock.set(new Date(clock.now().getTime() - offsetMs));
        authority.says = new TlsAuthority().issue({ validFrom: clock.now() });
        await pass(10 * MINUTE_MS, 5 * MINUTE_MS);
        await until(() => certificates.current !== null);
        assert.deepEqual([authority.orders, certificates.failure], [1, null]);
      });
    }

    it('are said not to be made once, with the offset and what to do, and count as one failure', async () => {
      authority.tells = async () => clock.now().getTime() - DAY_MS;
      await using certificates = await started();
      await pass(DAY_MS, 10 * MINUTE_MS);
      const said = logged.filter(([message]) => message.startsWith('error'));
      assert.equal(said.length, 1);
      const [message, { reason, detail, attempt }] = said[0] ?? ['', {}];
      assert.deepEqual(
        [message, reason, attempt],
        ['error No certificate could be had', 'clock', 1],
      );
      assert.match(
        String(detail),
        /it is 86400 s ahead of the certificate authority; let NTP set this machine’s clock/,
      );
      assert.equal(certificates.failure?.failures, 1);
    });

    it('are not made while the authority’s own certificate is out of date by it', async () => {
      authority.tells = async () => {
        throw Object.assign(new Error('it failed'), { code: 'CERT_HAS_EXPIRED' });
      };
      await using certificates = await started();
      await pass(HOUR_MS, 10 * MINUTE_MS);
      assert.equal(certificates.failure?.reason, 'clock');
      assert.match(
        certificates.failure?.detail ?? '',
        /shows 2026-03-01.* is out of date; let NTP/,
      );
      assert.equal(authority.orders, 0);
    });

    it('leave the present certificate as it is, and are no more wanted once the clock is right', async () => {
      await using certificates = await started();
      await pass(0);
      await until(() => certificates.current !== null);
      authority.tells = async () => clock.now().getTime() - 70 * DAY_MS;
      clock.set(new Date(clock.now().getTime() + 70 * DAY_MS));
      await pass(DAY_MS, HOUR_MS);
      assert.equal(certificates.failure?.reason, 'clock');
      authority.tells = null;
      clock.set(new Date(validFrom.getTime() + 2 * DAY_MS));
      await pass(HOUR_MS, 10 * MINUTE_MS);
      await until(() => certificates.failure === null);
      assert.equal(authority.orders, 1);
      assert.equal(certificates.current?.chain, certificate.chain);
    });
  });

  it('are not made unless the authority can be asked for the time', async () => {
    authority.tells = async () => {
      throw new Error('connect ECONNREFUSED');
    };
    await using certificates = await started();
    await pass(HOUR_MS, MINUTE_MS);
    assert.equal(certificates.failure?.reason, 'authority-unavailable');
    assert.match(certificates.failure?.detail ?? '', /connect ECONNREFUSED/);
    assert.equal(authority.orders, 0);
  });

  it('are four in a week at most if each certificate looks old the moment it is there, over restarts', async () => {
    clock.set(new Date(validFrom.getTime() + 400 * DAY_MS));
    await crashLoop(3 * HOUR_MS, 7 * DAY_MS);
    assert.equal(authority.orders, MOST_CERTIFICATES_PER_WEEK);
    await crashLoop(6 * HOUR_MS, 7 * DAY_MS);
    assert.equal(authority.orders, 2 * MOST_CERTIFICATES_PER_WEEK);
  });

  it('are four in a week at most if the process never gets the answer', async () => {
    authority.says = 'nothing';
    await crashLoop(30_000, 2 * HOUR_MS);
    assert.equal(authority.orders, MOST_CERTIFICATES_PER_WEEK);
    await using certificates = await started();
    assert.equal(certificates.failure?.reason, 'rate-limit');
    assert.match(
      certificates.failure?.detail ?? '',
      /got 4 certificates lately, or may have, and makes the next order at 2026-03-08T00:00/,
    );
    await pass(6 * DAY_MS, 6 * HOUR_MS);
    assert.equal(authority.orders, MOST_CERTIFICATES_PER_WEEK);
    authority.says = certificate;
    await pass(2 * DAY_MS, HOUR_MS);
    await until(() => certificates.current !== null);
  });

  for (const everyMs of [30_000, 61_000, 20 * MINUTE_MS]) {
    it(`are four in an hour at most if all fail and it restarts every ${everyMs / 1_000} s`, async () => {
      authority.says = new CertificateError('unreachable', 'nobody answers on port 80');
      await crashLoop(everyMs, 2 * HOUR_MS);
      assert.ok(authority.orders <= 2 * MOST_PER_HOUR, `${authority.orders}`);
    });
  }

  it('are fifty in a week at most if all fail and it restarts every hour', async () => {
    authority.says = new CertificateError('unreachable', 'nobody answers on port 80');
    await crashLoop(HOUR_MS, 7 * DAY_MS - HOUR_MS);
    assert.equal(authority.orders, MOST_PER_WEEK);
  });

  it('are not made if they cannot be noted, and then say so', async () => {
    const certificates = await started();
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    await pass(0);
    await until(() => certificates.failure !== null);
    assert.equal(certificates.failure?.reason, 'files');
    assert.equal(authority.orders, 0);
    await certificates[Symbol.asyncDispose]();
  });

  for (const [what, noted] of Object.entries({
    'are of another century': Array(9).fill({ at: '2126-01-01T00:00:00Z', mayBeIssued: true }),
    'are many': Array(500).fill({ at: '2026-02-28T23:59:59Z', mayBeIssued: true }),
  })) {
    it(`are made within a week if those that were noted ${what}, however often it restarts`, async () => {
      await writeFile(join(folder, 'orders.json'), JSON.stringify(noted));
      await crashLoop(6 * HOUR_MS, 7 * DAY_MS - 6 * HOUR_MS);
      assert.equal(authority.orders, 0);
      await crashLoop(6 * HOUR_MS, DAY_MS);
      assert.equal(authority.orders, 1);
    });
  }

  for (const content of ['', '{', '7', '[7]', '[{}]', '[{"at":"soon"}]', '{"at":0}', 'null']) {
    it(`are made if the note of them is “${content}”`, async () => {
      await writeFile(join(folder, 'orders.json'), content);
      await using certificates = await started();
      await pass(0);
      await until(() => certificates.current !== null);
      const noted = JSON.parse(await readFile(join(folder, 'orders.json'), 'utf8'));
      assert.deepEqual(noted, [{ at: validFrom.toISOString(), mayBeIssued: true }]);
    });
  }

  it('are made where pipes stand for what is kept, reading which would never end', async () => {
    for (const name of ['account.pem', 'attempts.json', 'orders.json', `${NAME}.pem`]) {
      execFileSync('mkfifo', [join(folder, name)]);
    }
    await using certificates = await started();
    await pass(0);
    await until(() => certificates.current !== null);
  });

  it('of certificates that last a day are made as often as those are due', async () => {
    let issued = 0;
    authority.says = 'nothing';
    const issuer = new TlsAuthority();
    authority.issue = async () => {
      issued++;
      const from = clock.now();
      return issuer.issue({ validFrom: from, expiresAt: new Date(from.getTime() + DAY_MS) });
    };
    await using certificates = await started();
    await pass(14 * DAY_MS, HOUR_MS);
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
