import type { Firestore } from '@google-cloud/firestore';
import type { CallControl } from './call-control.ts';
import type { FirestoreOptions } from './options.ts';

const SERVICE = 'google.firestore.v1.Firestore';

/** Repetitions, by gRPC: they end with the call that is repeated. */
const REPETITIONS = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '0.8s',
  backoffMultiplier: 2,
  // ABORTED tells of contention.
  retryableStatusCodes: ['RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'],
};

/** Otherwise every stream that fails would be repeated, the first time after two seconds. */
const STREAMS_UNREPEATED = { gaxServerStreamingRetries: true };

/** Between attempts to connect: service resumes soon after an outage, however long that was. */
const MAX_RECONNECT_BACKOFF_MS = 2_000;

/**
 * Loads the client library, which takes a third of a second, and opens a client; the service is not
 * asked yet.
 */
export async function openFirestore(
  { project, database, emulatorAddress }: FirestoreOptions,
  control: CallControl,
): Promise<Firestore> {
  const { Firestore } = await import('@google-cloud/firestore');
  return new Firestore({
    projectId: project,
    ...(database !== undefined && { databaseId: database }),
    preferRest: false,
    ...STREAMS_UNREPEATED,
    'grpc.callInvocationTransformer': control.transform,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_BACKOFF_MS,
    'grpc.service_config': JSON.stringify({
      methodConfig: [{ name: [{ service: SERVICE }], retryPolicy: REPETITIONS }],
    }),
    ...(emulatorAddress !== undefined && {
      host: emulatorAddress,
      ssl: false,
      // Otherwise the client would ask the machine's metadata server before its first call.
      clientOptions: { universeDomain: 'googleapis.com' },
    }),
  });
}
