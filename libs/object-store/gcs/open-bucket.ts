import type { Bucket, Storage } from '@google-cloud/storage';
import type { GcsOptions } from './options.ts';

type Interceptor = Storage['interceptors'][number];

interface BucketOptions extends Pick<GcsOptions, 'bucket' | 'apiEndpoint'> {
  /** Project to create the bucket in. */
  readonly project?: string;
}

const OVER_CONNECTIONS_OF_NODE: Interceptor = {
  request: (options) => ({ ...options, forever: false }) as ReturnType<Interceptor['request']>,
};

/**
 * Loads the client library (a third of a second) and returns a bucket; makes no request.
 *
 * The library's retries are off: its first pause is a second, and a call has two. So are its own
 * connections (`forever`), all of which it cuts when one download fails: requests use those that
 * Node keeps.
 */
export async function openBucket({ bucket, apiEndpoint, project }: BucketOptions): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage');
  const endpoint = apiEndpoint ? new URL(apiEndpoint) : null;
  const storage = new Storage({
    retryOptions: { autoRetry: false },
    ...(project !== undefined && { projectId: project }),
    ...(endpoint && {
      apiEndpoint: endpoint.origin,
      useAuthWithCustomEndpoint: endpoint.protocol === 'https:',
    }),
  });
  storage.interceptors.push(OVER_CONNECTIONS_OF_NODE);
  return storage.bucket(bucket);
}
