import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { silentLog } from '#log/log.ts';
import { startChildServer } from '#test/backing/child-server.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { RecordingListener } from '../contract/opened-signals.ts';
import { RedisSignals } from './signals.ts';

const found = await obtainRedis();
const missing = 'missing' in found ? found.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));

describe('signals over TLS', { skip: missing }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  after(() => rmSync(folder, { recursive: true }));

  it('reach a server whose certificate is trusted, by its password, and no other', async () => {
    createCertificate(key, certificate);
    const server = await startChildServer('path' in found ? found.path : '', (port) => [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''],
      ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'],
      ...['--requirepass', 's:cret/'],
    ]);
    const ca = readFileSync(certificate, 'utf8');
    const open = (password: string, trusted: { ca?: string }) =>
      new RedisSignals({
        url: `rediss://:${encodeURIComponent(password)}@localhost:${server.port}`,
        log: silentLog,
        deadlineMs: trusted.ca && password === 's:cret/' ? 10_000 : 300,
        ...trusted,
      });
    await using signals = open('s:cret/', { ca });
    const listener = new RecordingListener();
    await signals.subscribe('peer-1', listener).ready;
    signals.publish('peer-1', 'key');
    await listener.received('key');
    await using untrusting = open('s:cret/', {});
    await assert.rejects(untrusting.check(), BackingUnavailableError);
    await using unknown = open('wrong', { ca });
    await assert.rejects(unknown.check(), BackingUnavailableError);
    await server.stop();
  });
});

function createCertificate(key: string, certificate: string): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
}
