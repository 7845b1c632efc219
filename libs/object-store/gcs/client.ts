import type { Bucket } from '@google-cloud/storage';
import { Credentials } from './credentials.ts';
import type { GcsOptions } from './options.ts';
import { sendOver } from './transport.ts';

/** Requests at once, each over a connection of its own. */
export const MOST_CONNECTIONS = 64;

/** The service keeps idle ones for minutes; opening one takes a TLS handshake. */
const IDLE_CONNECTION_MS = 60_000;

/** Until then a request that waits for its connection is kept in memory, though nobody waits for it any more. */
const CONNECT_TIMEOUT_MS = 3_000;

/** A bucket, and the connections to it. */
export interface StorageClient {
  readonly bucket: Bucket;
  /** Ends all requests. */
  close(): void;
}

/** Which bucket, and where. */
interface ClientOptions extends Pick<GcsOptions, 'bucket' | 'apiEndpoint'> {
  /** Project to create the bucket in. */
  readonly project?: string;
}

/** Loads the client library (a third of a second) and opens a bucket; makes no request. */
export async function openClient({
  bucket,
  apiEndpoint,
  project,
}: ClientOptions): Promise<StorageClient> {
  const { Storage } = await import('@google-cloud/storage');
  const { EnvHttpProxyAgent } = await import('undici');
  const endpoint = apiEndpoint ? new URL(apiEndpoint) : null;
  const open = () =>
    new Storage({
      ...(project !== undefined && { projectId: project }),
      ...(endpoint && { apiEndpoint: endpoint.origin }),
    });
  const connections = new EnvHttpProxyAgent({
    connections: MOST_CONNECTIONS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    // What a cancelled request leaves behind goes with its connection.
    allowH2: false,
  });
  const credentials = new Credentials(() => open().authClient);
  const authorise =
    endpoint?.protocol === 'http:'
      ? null
      : (url: string, signal?: AbortSignal) => credentials.headersFor(url, signal);
  const storage = open();
  sendOver({ connections, authorise }, storage);
  return {
    bucket: storage.bucket(bucket),
    close: () => void connections.destroy(),
  };
}
