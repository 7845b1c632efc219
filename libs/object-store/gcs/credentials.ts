/** What the client library has to authorise requests with; caches its token. */
interface TokenSource {
  getRequestHeaders(url: string): Promise<Iterable<readonly [string, string]>>;
}

/** Authorises requests. */
export class Credentials {
  readonly #open: () => TokenSource;
  #source: TokenSource | undefined;

  /** @param open - called once, and again after a source from which no token came in time */
  constructor(open: () => TokenSource) {
    this.#open = open;
  }

  /**
   * The headers that authorise a request.
   *
   * A source shares one question for a token among all who wait for it, however long that takes:
   * if it stays without answer, whoever comes later must have another source.
   *
   * @param signal - ends the wait, with its reason
   */
  async headersFor(url: string, signal?: AbortSignal): Promise<Record<string, string>> {
    this.#source ??= this.#open();
    const source = this.#source;
    try {
      return Object.fromEntries(await unlessAborted(source.getRequestHeaders(url), signal));
    } catch (error) {
      if (signal?.aborted && this.#source === source) {
        this.#source = undefined;
      }
      throw error;
    }
  }
}

/** Waits for `result`. @throws the signal's reason, if it is aborted first */
function unlessAborted<Result>(result: Promise<Result>, signal?: AbortSignal): Promise<Result> {
  if (!signal) {
    return result;
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    result.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}
