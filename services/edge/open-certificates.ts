import { join } from 'node:path';
import type { Challenges } from '#certificates/acme/authority.ts';
import type { Certificates } from '#certificates/port.ts';
import { CERTIFICATES_FOLDER } from '#composition/data-folder.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import type { EdgeConfig } from './config.ts';

/** Wires the configured source of certificates, which does not look for one yet. */
export async function openCertificates(
  config: EdgeConfig,
  { name, challenges }: { readonly name: string; readonly challenges: Challenges },
  parts: ProcessParts,
): Promise<Certificates> {
  if (config.kind === 'files') {
    const { WatchedFiles } = await import('#certificates/files/watched-files.ts');
    return new WatchedFiles({ ...config, name }, parts);
  }
  const { RenewedCertificates } = await import('#certificates/acme/renewed-certificates.ts');
  const { AcmeAuthority } = await import('#certificates/acme/acme-authority.ts');
  const { KeptFiles } = await import('#certificates/acme/kept-files.ts');
  const directory = config.directory.href;
  return new RenewedCertificates(
    { name, directory },
    {
      ...parts,
      challenges,
      authority: new AcmeAuthority({ directory, email: config.email }, parts.clock),
      files: new KeptFiles(join(config.folder, CERTIFICATES_FOLDER)),
    },
  );
}
