/** Gives the headers that authorise a request; cached, and renewed before they expire. */
export type RequestHeaders = () => Promise<Readonly<Record<string, string>>>;

/**
 * Finds the credentials of this process as Google's libraries do: Workload Identity,
 * `GOOGLE_APPLICATION_CREDENTIALS`, … The library takes a quarter of a second to load, so
 * that is left until they are needed.
 */
export async function loadCredentials(): Promise<RequestHeaders> {
  const { Storage } = await import('@google-cloud/storage');
  const { authClient } = new Storage();
  return async () => {
    const headers = await authClient.getRequestHeaders();
    return Object.fromEntries(new Headers(headers));
  };
}
