import type { Bucket, Storage } from '@google-cloud/storage';
import type { GcsOptions } from './options.ts';

type Interceptor = Storage['interceptors'][number];

interface BucketOptions extends Pick<GcsOptions, 'bucket' | 'apiEndpoint'> {
  /** The project that the bucket is created in, where it is to be. */
  readonly project?: string;
}

const OVER_CONNECTIONS_OF_NODE: Interceptor = {
  request: (options) => ({ ...options, forever: false }) as ReturnType<Interceptor['request']>,
};

/**
 * Loads the client library, which takes a third of a second, and opens a bucket; the service is not
 * asked yet.
 *
 * The library repeats nothing: its first pause is a second, and a call has two. Nor does it keep
 * connections of its own (`forever`), as it cuts all of them when one download fails: requests go over
 * those that Node keeps.
 */
export async function openBucket({ bucket, apiEndpoint, project }: BucketOptions): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage');
  const storage = new Storage({
    retryOptions: { autoRetry: false },
    ...(project !== undefined && { projectId: project }),
    ...(apiEndpoint !== undefined && {
      apiEndpoint,
      useAuthWithCustomEndpoint: new URL(apiEndpoint).protocol === 'https:',
    }),
  });
  storage.interceptors.push(OVER_CONNECTIONS_OF_NODE);
  return storage.bucket(bucket);
}
