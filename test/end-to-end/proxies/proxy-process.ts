import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TlsCertificate } from '#certificates/port.ts';
import { accepts } from '#test/backing/accepts.ts';
import { startChildServer } from '#test/backing/child-server.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { until } from '#test/runtime/until.ts';

const LOOK_EVERY_MS = 20;
const DEPLOY = join(import.meta.dirname, '../../../deploy');

/** A proxy whose configuration the repository shows. */
export interface ProxyProgram {
  readonly path: string;
  /** Its path in `deploy`. */
  readonly configuration: string;
  /** The text of the configuration with what a test on this machine needs. */
  adapt(text: string, files: AdaptedFiles): string;
  /** Its arguments, given the file with its configuration. */
  args(configuration: string, folder: string): string[];
}

/** What a configuration must name on this machine. */
interface AdaptedFiles {
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
  /** Both, one after the other. */
  readonly both: string;
  readonly https: number;
  readonly http: number;
}

/**
 * Starts a proxy as the repository shows it, but for names, ports and the certificate's files.
 *
 * @param ports - on this machine, by how the configuration names where servers listen
 */
export async function startProxy(
  program: ProxyProgram,
  ports: Readonly<Record<string, number>>,
  { chain, key }: TlsCertificate,
): Promise<{ readonly port: number; readonly plainPort: number } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'awala-proxy-'));
  opened.defer(() => rm(folder, { recursive: true }));
  const [certificateFile, keyFile, both] = ['crt', 'key', 'pem'].map((end) =>
    join(folder, `gateway.${end}`),
  ) as [string, string, string];
  await writeFile(certificateFile, chain);
  await writeFile(keyFile, key);
  await writeFile(both, `${key}${chain}`);
  const files = { folder, certificate: certificateFile, key: keyFile, both };
  const http = await freePort();
  const https = await freePort();
  let text = await readFile(join(DEPLOY, program.configuration), 'utf8');
  for (const [shown, port] of Object.entries(ports)) {
    text = text.replaceAll(shown, `127.0.0.1:${port}`);
  }
  const configuration = join(folder, basename(program.configuration));
  await writeFile(configuration, program.adapt(text, { ...files, http, https }));
  const server = await startChildServer(
    program.path,
    () => program.args(configuration, folder),
    https,
  );
  opened.defer(() => server.stop());
  // Some listen there a moment later.
  await until(() => accepts({ port: http, host: '127.0.0.1' }), LOOK_EVERY_MS);
  const closing = opened.move();
  return {
    port: https,
    plainPort: http,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
