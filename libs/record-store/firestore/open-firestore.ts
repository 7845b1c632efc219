import type { Firestore } from '@google-cloud/firestore';
import type { CallControl } from './call-control.ts';
import type { FirestoreOptions } from './options.ts';

const SERVICE = 'google.firestore.v1.Firestore';

/** Retries by gRPC, which end with the call. */
const REPETITIONS = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '0.8s',
  backoffMultiplier: 2,
  // ABORTED means contention.
  retryableStatusCodes: ['RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'],
};

/** Otherwise the library would retry each failed stream, first after two seconds. */
const STREAMS_UNREPEATED = { gaxServerStreamingRetries: true };

/**
 * Limits the pause before reconnecting, so that calls succeed soon after an outage of any length.
 */
const MAX_RECONNECT_BACKOFF_MS = 2_000;

/** Loads the client library (a third of a second) and opens a client; makes no request. */
export async function openFirestore(
  { project, database, emulatorAddress }: FirestoreOptions,
  control: CallControl,
): Promise<Firestore> {
  const { Firestore } = await import('@google-cloud/firestore');
  return new Firestore({
    projectId: project,
    databaseId: database,
    preferRest: false,
    ...STREAMS_UNREPEATED,
    'grpc.callInvocationTransformer': control.transform,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    'grpc.service_config': JSON.stringify({
      methodConfig: [{ name: [{ service: SERVICE }], retryPolicy: REPETITIONS }],
    }),
    ...(emulatorAddress && {
      host: emulatorAddress,
      ssl: false,
      // Otherwise the client would ask the machine's metadata server before its first call.
      clientOptions: { universeDomain: 'googleapis.com' },
    }),
  });
}
