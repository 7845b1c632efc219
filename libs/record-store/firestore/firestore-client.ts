import type { FirestoreClient } from '@google-cloud/firestore-api/client_v1';

/** No repetition by the client library: deadlines and repetitions are the adapter's. */
export interface CallOptions {
  readonly timeout: number;
  readonly retry: null;
}

/** Loads the client library, which takes a third of a second, and opens a client. */
export async function openFirestoreClient(emulatorAddress?: string): Promise<FirestoreClient> {
  const { FirestoreClient } = await import('@google-cloud/firestore-api/client_v1');
  if (emulatorAddress === undefined) {
    return new FirestoreClient();
  }
  const { credentials } = await import('@grpc/grpc-js');
  const [host = '', port] = emulatorAddress.split(':');
  return new FirestoreClient({
    servicePath: host,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    // Otherwise the client would ask the machine's metadata server before its first call.
    clientOptions: { universeDomain: 'googleapis.com' },
  });
}
