import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { ManualClock } from '#clock/manual-clock.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { until } from '#test/runtime/until.ts';
import { testsOver } from '#test/tests-over.ts';
import type { Certificates, TlsCertificate } from './port.ts';

/** What every certificate of these tests is for. */
export const NAME = 'gateway.example';

/** A source under test, and what it gets certificates from. */
export interface OpenedCertificates extends AsyncDisposable {
  readonly certificates: Certificates;
  readonly clock: ManualClock;
  /** What there is to be had from now on; null if nothing can be. */
  offer(certificate: TlsCertificate | null): Promise<void>;
  /** A time after which it has certainly looked again, failed or not, in milliseconds. */
  readonly lookMs: number;
}

/** The promises of {@link Certificates}, tested over one adapter. */
export function describeCertificates(
  name: string,
  open: (first: TlsCertificate) => Promise<OpenedCertificates>,
): void {
  const authority = new TlsAuthority();
  const first = authority.issue();
  const second = authority.issue({ expiresAt: new Date('2040-01-01T00:00:00Z') });
  const test = testsOver(() => open(first));

  async function look(opened: OpenedCertificates, isMet: () => boolean): Promise<void> {
    await until(() => {
      opened.clock.advance(opened.lookMs);
      return isMet();
    }, 5);
  }

  /** Starts it. @returns the chains that it calls back with, of which the first is there */
  async function started(opened: OpenedCertificates): Promise<string[]> {
    const chains: string[] = [];
    await opened.certificates.start(({ chain }) => chains.push(chain));
    await look(opened, () => chains.length > 0);
    return chains;
  }

  describe(`${name} as a source of certificates`, () => {
    test('has none before it is started', async ({ certificates }) => {
      assert.deepEqual([certificates.current, certificates.failure], [null, null]);
    });

    test('gives the first certificate, and remembers it', async (opened) => {
      assert.deepEqual(await started(opened), [first.chain]);
      const { current, failure } = opened.certificates;
      assert.deepEqual([current?.chain, current?.key], [first.chain, first.key]);
      assert.deepEqual(current?.expiresAt, first.expiresAt);
      assert.equal(failure, null);
    });

    test('gives a newer one once', async (opened) => {
      const chains = await started(opened);
      await opened.offer(second);
      await look(opened, () => chains.length > 1);
      assert.deepEqual(chains, [first.chain, second.chain]);
      opened.clock.advance(opened.lookMs);
      assert.equal(chains.length, 2);
      assert.equal(opened.certificates.current?.chain, second.chain);
    });

    test('keeps what it has while there is nothing better, counts, and says why', async (opened) => {
      const chains = await started(opened);
      await opened.offer(null);
      await look(opened, () => (opened.certificates.failure?.failures ?? 0) > 1);
      assert.ok(opened.certificates.failure?.detail);
      assert.equal(opened.certificates.current?.chain, first.chain);
      await opened.offer(second);
      await look(opened, () => chains.length > 1);
      assert.equal(opened.certificates.failure, null);
    });

    test('looks no more once it is closed, and can be closed twice', async (opened) => {
      const chains = await started(opened);
      await opened.certificates[Symbol.asyncDispose]();
      await opened.certificates[Symbol.asyncDispose]();
      await opened.offer(second);
      for (let looks = 0; looks < 20; looks++) {
        opened.clock.advance(opened.lookMs);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(chains, [first.chain]);
    });
  });
}
