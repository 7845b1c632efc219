import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { CertificateFiles } from '#test/end-to-end/public-port/certificate-files.ts';
import { describeCertificates, NAME } from '../contract.ts';
import { WatchedFiles } from './watched-files.ts';

describeCertificates('watched files', async (first) => {
  const clock = new ManualClock();
  const files = await CertificateFiles.make(first);
  const certificates = new WatchedFiles(
    { certificateFile: files.certificateFile, keyFile: files.keyFile, name: NAME },
    { clock, log: silentLog },
  );
  return {
    certificates,
    clock,
    lookMs: 60_000,
    offer: (certificate) => files.write(certificate ?? { chain: 'nothing', key: 'nothing' }),
    async [Symbol.asyncDispose]() {
      await certificates[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
});

describe('files that cannot be used', () => {
  const authority = new TlsAuthority();
  const [good, other] = [authority.issue(), authority.issue()];

  const cases = {
    'are for another name': [authority.issue({ names: ['else.example'] }), /DNS:else\.example/],
    'do not belong together': [{ ...good, key: other.key }, /not that of the first certificate/],
    'have no certificate': [{ ...good, chain: good.key }, /no certificate in PEM/],
    'have a damaged certificate': [
      { ...good, chain: good.chain.replace(/\n.{60}/, '\n') },
      /cannot be read/,
    ],
    'end within the second certificate': [
      { ...good, chain: `${good.chain}-----BEGIN CERTIFICATE-----\nMIIB` },
      /cannot be shown/,
    ],
    'have no key': [{ ...good, key: good.chain }, /must be PEM, and not encrypted/],
    'are far too long': [{ ...good, chain: 'x'.repeat(70_000) }, /too long/],
  } as const;
  for (const [what, [certificate, complaint]] of Object.entries(cases)) {
    it(`are refused at the start if they ${what}`, async () => {
      await using files = await CertificateFiles.make(certificate as typeof good);
      await assert.rejects(open(files), { reason: 'files', message: complaint });
    });
  }

  it('are refused at the start if they are not there', async () => {
    await using files = await CertificateFiles.make(good);
    const absent = { certificateFile: files.certificateFile, keyFile: `${files.keyFile}.absent` };
    await assert.rejects(open(absent), { reason: 'files', message: /ENOENT/ });
  });

  it('are refused at the start if they are no ordinary files', async () => {
    await using files = await CertificateFiles.make(good);
    const pipe = `${files.keyFile}.pipe`;
    execFileSync('mkfifo', [pipe]);
    for (const keyFile of [pipe, '/dev/zero', dirname(pipe)]) {
      const named = { certificateFile: files.certificateFile, keyFile };
      await assert.rejects(open(named), { reason: 'files', message: /no ordinary file/ });
    }
  });

  it('may have text around the certificates, as openssl writes it', async () => {
    await using files = await CertificateFiles.make(good);
    await writeFile(files.certificateFile, `subject=CN\n${good.chain}issuer=CN\n`);
    await open(files);
  });

  async function open(files: { readonly certificateFile: string; readonly keyFile: string }) {
    const { certificateFile, keyFile } = files;
    await using certificates = new WatchedFiles(
      { certificateFile, keyFile, name: NAME },
      { clock: new ManualClock(), log: silentLog },
    );
    await certificates.start(() => {});
  }
});
