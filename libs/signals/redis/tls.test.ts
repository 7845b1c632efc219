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
    createCertificate({ key, certificate }, 'localhost');
    const server = await startChildServer('path' in found ? found.path : '', (port) => [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''],
      ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'],
      ...['--requirepass', 's:cret/'],
    ]);
    const ca = readFileSync(certificate, 'utf8');
    const open = (password: string, trusted: { ca?: string }) =>
      new RedisSignals({
        prefix: 'awala:signal:',
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

  it('reach a server by its address whatever its certificate calls it, and by a name only as that', async () => {
    createCertificate({ key, certificate }, 'elsewhere.example');
    const server = await startChildServer('path' in found ? found.path : '', (port) => [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''],
      ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'],
    ]);
    const ca = readFileSync(certificate, 'utf8');
    const open = (host: string, deadlineMs: number, trusted: { ca?: string }) =>
      new RedisSignals({
        prefix: 'awala:signal:',
        url: `rediss://${host}:${server.port}`,
        log: silentLog,
        deadlineMs,
        ...trusted,
      });
    await using byAddress = open('127.0.0.1', 10_000, { ca });
    await byAddress.check();
    await using byName = open('localhost', 300, { ca });
    await assert.rejects(byName.check(), BackingUnavailableError);
    await using untrusting = open('127.0.0.1', 300, {});
    await assert.rejects(untrusting.check(), BackingUnavailableError);
    await server.stop();
  });
});

function createCertificate(
  { key, certificate }: { readonly key: string; readonly certificate: string },
  name: string,
): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
}
