import type { KeyManagementServiceClient } from '@google-cloud/kms';

/** No repetition by the client library: deadlines and repetitions are the adapter's. */
export interface KmsCallOptions {
  readonly timeout: number;
  readonly retry: null;
}

/** Between attempts to connect: service resumes soon after an outage, however long that was. */
const CHANNEL_OPTIONS = { 'grpc.max_reconnect_backoff_ms': 2_000 };

export function callOptions(timeoutMs: number): KmsCallOptions {
  return { timeout: timeoutMs, retry: null };
}

/** Loads the client library, which takes a third of a second, and opens a client. */
export async function openKmsClient(emulatorAddress?: string): Promise<KeyManagementServiceClient> {
  const { KeyManagementServiceClient } = await import('@google-cloud/kms');
  if (emulatorAddress === undefined) {
    return new KeyManagementServiceClient(CHANNEL_OPTIONS);
  }
  const { credentials } = await import('@grpc/grpc-js');
  const [host = '', port] = emulatorAddress.split(':');
  return new KeyManagementServiceClient({
    ...CHANNEL_OPTIONS,
    servicePath: host,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    // Otherwise the client would ask the machine's metadata server before its first call.
    clientOptions: { universeDomain: 'googleapis.com' },
  });
}
