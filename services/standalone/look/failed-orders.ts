import { join } from 'node:path';
import { KeptFiles } from '#certificates/acme/kept-files.ts';
import { CERTIFICATES_FOLDER } from '#composition/data-folder.ts';
import type { LookConfig } from './look-variables.ts';

/**
 * What the gateway noted of its latest orders of a certificate, if they failed.
 *
 * @returns null if all is well, this gateway orders none, or its notes may not be read
 */
export async function failedOrders(certificates: LookConfig['certificates']) {
  if (certificates.kind !== 'acme') {
    return null;
  }
  const files = new KeptFiles(join(certificates.folder, CERTIFICATES_FOLDER));
  // Others say what is wrong with the folder.
  return files.attempts().catch(() => null);
}
