import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TlsCertificate } from '#certificates/port.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';

/** Lets every client in this process trust an authority, as phones trust those of their system. */
export function trustInThisProcess({ root }: Pick<TlsAuthority, 'root'>): void {
  setDefaultCACertificates([...getCACertificates(), root]);
}

/** The two files that an operator gives to a gateway. */
export class CertificateFiles implements AsyncDisposable {
  readonly authority: TlsAuthority = new TlsAuthority();
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param certificate - by default, for localhost */
  static async make(certificate?: TlsCertificate): Promise<CertificateFiles> {
    const files = new CertificateFiles(await mkdtemp(join(tmpdir(), 'awala-tls-')));
    await files.write(certificate ?? files.authority.issue());
    return files;
  }

  get certificateFile(): string {
    return join(this.#folder, 'certificate.pem');
  }

  get keyFile(): string {
    return join(this.#folder, 'key.pem');
  }

  /** The variables for a gateway with them, on ports that the system chose. */
  get environment(): Readonly<Record<string, string>> {
    return {
      CERTIFICATES: 'files',
      TLS_CERTIFICATE_FILE: this.certificateFile,
      TLS_KEY_FILE: this.keyFile,
      TLS_NAME: 'gateway.example',
      HTTPS_HOST: '127.0.0.1',
      HTTPS_PORT: '0',
      HTTP_PORT: '0',
    };
  }

  async write({ chain, key }: Pick<TlsCertificate, 'chain' | 'key'>): Promise<void> {
    await writeFile(this.certificateFile, chain);
    await writeFile(this.keyFile, key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
