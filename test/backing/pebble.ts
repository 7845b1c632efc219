import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { missingProgram } from './backing.ts';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-ports.ts';
import { type Found, obtainPebble, obtainPebbleDns } from './programs.ts';

const found = await obtainPebble();
const foundDns = await obtainPebbleDns();

/** False, or in words what to install: the `skip` option of a suite. */
export const missingPebble = missingProgram(found) || missingProgram(foundDns);

/** A name for which it never issues. */
export const BLOCKED_NAME = 'blocked.example';

interface PebbleOptions {
  /** Life of its certificates. @default 90 days */
  readonly validitySeconds?: number;
  /** An IPv4 address of this machine by which it is reached from others. @default none */
  readonly host?: string;
  /** Where it looks for answers to challenges. @default a port that is free */
  readonly httpPort?: number;
}

/** Let's Encrypt's server for tests, and the DNS that it asks, in which nothing is until a test says so. */
export class Pebble implements AsyncDisposable {
  /** Issues the certificate of its own API. */
  readonly authority: TlsAuthority;
  /** For `ACME_DIRECTORY`. */
  readonly directory: string;
  /** Where it looks for answers to challenges. */
  readonly httpPort: number;
  readonly #management: number;
  readonly #dnsManagement: number;
  readonly #closing: AsyncDisposable;

  private constructor(
    parts: Pick<Pebble, 'authority' | 'directory' | 'httpPort'> & {
      readonly management: number;
      readonly dnsManagement: number;
      readonly closing: AsyncDisposable;
    },
  ) {
    this.authority = parts.authority;
    this.directory = parts.directory;
    this.httpPort = parts.httpPort;
    this.#management = parts.management;
    this.#dnsManagement = parts.dnsManagement;
    this.#closing = parts.closing;
  }

  /** Variables of a gateway on this machine that orders its certificate here. */
  variablesFor(name: string): Readonly<Record<string, string>> {
    return {
      CERTIFICATES: 'acme',
      ACME_DIRECTORY: this.directory,
      INTERNET_ADDRESS: name,
      HTTPS_HOST: '127.0.0.1',
      HTTPS_PORT: '0',
      HTTP_PORT: `${this.httpPort}`,
    };
  }

  static async start(options: PebbleOptions = {}): Promise<Pebble> {
    const { validitySeconds = 90 * 86_400, host = null, httpPort = await freePort() } = options;
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'awala-pebble-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const authority = new TlsAuthority('Authority of Pebble’s own certificate');
    const { chain, key } = authority.issue({
      names: ['localhost', '127.0.0.1', ...(host ? [host] : [])],
    });
    const [certificateFile, keyFile] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    await Promise.all([writeFile(certificateFile, chain), writeFile(keyFile, key)]);
    const management = await freePort();
    const dns = await freePort();
    const dnsManagement = await startDns(dns);
    opened.defer(() => dnsManagement.stop());
    const configFile = join(folder, 'pebble.json');
    const server = await startChildServer('env', (port) => [
      'PEBBLE_VA_NOSLEEP=1',
      'sh',
      '-c',
      // Written here, as the port is known only now.
      `cat > "${configFile}" <<'EOF'\n${JSON.stringify({
        pebble: {
          listenAddress: `${host ? '0.0.0.0' : '127.0.0.1'}:${port}`,
          managementListenAddress: `127.0.0.1:${management}`,
          certificate: certificateFile,
          privateKey: keyFile,
          httpPort,
          tlsPort: 9,
          domainBlocklist: [BLOCKED_NAME],
          profiles: { default: { description: 'of a test', validityPeriod: validitySeconds } },
        },
      })}\nEOF\nexec "${pathOf(found)}" -config "${configFile}" -dnsserver 127.0.0.1:${dns}`,
    ]);
    opened.defer(() => server.stop());
    return new Pebble({
      authority,
      httpPort,
      directory: `https://${host ?? 'localhost'}:${server.port}/dir`,
      management,
      dnsManagement: dnsManagement.port,
      closing: opened.move(),
    });
  }

  /** What a name leads to from now on. */
  async point(
    name: string,
    {
      ipv4 = [],
      ipv6 = [],
    }: { readonly ipv4?: readonly string[]; readonly ipv6?: readonly string[] },
  ): Promise<void> {
    const host = `${name}.`;
    await this.#tellDns('clear-a', { host });
    await this.#tellDns('clear-aaaa', { host });
    if (ipv4.length > 0) {
      await this.#tellDns('add-a', { host, addresses: ipv4 });
    }
    if (ipv6.length > 0) {
      await this.#tellDns('add-aaaa', { host, addresses: ipv6 });
    }
  }

  /** The certificate, as PEM, of the root of all that it issues. Trust its own authority before. */
  async root(): Promise<string> {
    const answer = await fetch(`https://localhost:${this.#management}/roots/0`);
    return answer.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing[Symbol.asyncDispose]();
  }

  async #tellDns(what: string, body: object): Promise<void> {
    await fetch(`http://127.0.0.1:${this.#dnsManagement}/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
  }
}

function startDns(port: number) {
  return startChildServer(pathOf(foundDns), (management) => [
    `-dnsserver=127.0.0.1:${port}`,
    `-management=127.0.0.1:${management}`,
    '-defaultIPv4=',
    '-defaultIPv6=',
    '-http01=',
    '-https01=',
    '-tlsalpn01=',
    '-doh=',
  ]);
}

function pathOf(program: Found): string {
  return 'path' in program ? program.path : '';
}
