import type { Firestore } from '@google-cloud/firestore';
import type { CallAbortion } from './call-abortion.ts';
import type { FirestoreOptions } from './options.ts';

const SERVICE = 'google.firestore.v1.Firestore';

/** Repetitions by gRPC, which knows nothing of deadlines: those end with the call. */
const REPETITIONS = {
  maxAttempts: 4,
  initialBackoff: '0.05s',
  maxBackoff: '0.8s',
  backoffMultiplier: 2,
  // ABORTED tells of contention.
  retryableStatusCodes: ['RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'],
};

/** Otherwise what reads would be repeated by the library's streams too, the first time after two seconds. */
const STREAMS_UNREPEATED = {
  gaxServerStreamingRetries: true,
  clientConfig: {
    interfaces: {
      [SERVICE]: {
        methods: {
          BatchGetDocuments: { retry_codes_name: 'non_idempotent' },
          RunQuery: { retry_codes_name: 'non_idempotent' },
        },
      },
    },
  },
};

/**
 * Loads the client library, which takes a third of a second, and opens a client; the service is not
 * asked yet.
 */
export async function openFirestore(
  { project, database, emulatorAddress }: FirestoreOptions,
  abortion: CallAbortion,
): Promise<Firestore> {
  const { Firestore } = await import('@google-cloud/firestore');
  return new Firestore({
    projectId: project,
    ...(database !== undefined && { databaseId: database }),
    preferRest: false,
    ...STREAMS_UNREPEATED,
    'grpc.callInvocationTransformer': abortion.transform,
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
