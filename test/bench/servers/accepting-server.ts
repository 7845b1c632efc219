import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { Gateway } from '#gateway/gateway.ts';

/** What a server that accepts parcels is started with. */
export interface AcceptingServerSettings {
  /** Node id of the phone that the parcels are for. */
  readonly phone: string;
  /** DER SubjectPublicKeyInfo of that phone, in base64. */
  readonly phoneKey: string;
}

export interface AcceptingServerInfo {
  readonly port: number;
  /** The phone's certificate, in base64. */
  readonly phoneCertificate: string;
}

/** What a gateway of ours tells of itself, once it has registered the phone. */
export async function registeredAt(
  port: number,
  { identity }: Pick<Gateway, 'identity'>,
  { phoneKey }: AcceptingServerSettings,
): Promise<AcceptingServerInfo> {
  const issuer = await identity.currentCertificate();
  const phone = await issueGatewayCertificate({
    subjectKey: Buffer.from(phoneKey, 'base64'),
    issuer,
    issuerKey: identity.publicKeyDer,
    sign: identity.sign,
    notBefore: issuer.notBefore,
    notAfter: issuer.notAfter,
  });
  return { port, phoneCertificate: Buffer.from(phone.der).toString('base64') };
}

/** A folder that goes when the process does. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A plain fastify server, logging as ours does, that answers 202 to each parcel.
 *
 * @param accept - resolves once the parcel is durable
 * @returns its port
 */
export async function listenWithFastify(
  accept: (parcel: Buffer, authorization: string) => Promise<void>,
): Promise<number> {
  const app = fastify({ logger: { level: 'info', stream: { write() {} } }, bodyLimit: 9_437_184 });
  app.addContentTypeParser(
    'application/vnd.awala.parcel',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => body,
  );
  app.post<{ Body: Buffer }>('/v1/parcels', async (request, reply) => {
    await accept(request.body, request.headers.authorization ?? '');
    reply.code(202);
    return '';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
