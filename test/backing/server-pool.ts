import { type BackingName, type RunningServer, startServer } from './servers.ts';

/** Starts each server at most once, at the first request. */
export class ServerPool implements AsyncDisposable {
  readonly #servers = new Map<BackingName, Promise<RunningServer>>();

  get(name: BackingName): Promise<RunningServer> {
    const server = this.#servers.get(name) ?? startServer(name);
    this.#servers.set(name, server);
    return server;
  }

  /** A line for each server that was requested, in order of name: its source, or why it is missing. */
  async report(): Promise<string[]> {
    const lines = [...this.#servers].map(async ([name, starting]) => {
      try {
        return `${name}: ${(await starting).source}`;
      } catch (error) {
        return `${name}: MISSING, ${error instanceof Error ? error.message : String(error)}`;
      }
    });
    return (await Promise.all(lines)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await Promise.allSettled(this.#servers.values());
    this.#servers.clear();
    await Promise.all(
      started.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)),
    );
  }
}
