import type { KeyManagementServiceClient } from '@google-cloud/kms';

/** Turns off the client library's retries: the adapter has its own, with deadlines. */
export interface KmsCallOptions {
  readonly timeout: number;
  readonly retry: null;
}

/**
 * Limits the pause before reconnecting, so that calls succeed soon after an outage of any length.
 */
const MAX_RECONNECT_BACKOFF_MS = 2_000;
const CHANNEL_OPTIONS = { 'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS };

/** Options for one call of the client library. */
export function callOptions(timeoutMs: number): KmsCallOptions {
  return { timeout: timeoutMs, retry: null };
}

/** Loads the client library (a third of a second) and opens a client. */
export async function openKmsClient(
  emulatorAddress?: string | null,
): Promise<KeyManagementServiceClient> {
  const { KeyManagementServiceClient, credentials } = await import('./client-library.ts');
  if (!emulatorAddress) {
    return new KeyManagementServiceClient(CHANNEL_OPTIONS);
  }
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
