import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a server that accepts parcels is started with. */
export interface AcceptingServerSettings {
  /** Node id of the phone that the parcels are for. */
  readonly phone: string;
  /** DER SubjectPublicKeyInfo of that phone, in base64. */
  readonly phoneKey: string;
}

export interface AcceptingServerInfo {
  readonly port: number;
  /** In base64: the phone's certificate, and the gateway's that issued it. */
  readonly phoneCertificate: string;
  readonly gatewayCertificate: string;
}

/** A folder that goes when the process does. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address ? address.port : 0;
}
