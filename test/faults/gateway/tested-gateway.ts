import type { ServiceName } from '#test/services/service-process.ts';

/** A gateway under load, in whatever form. */
export interface TestedGateway extends AsyncDisposable {
  /** Where clients find a service at present. */
  port(name: ServiceName): number;
  /** Process ids of what runs at present. */
  readonly pids: readonly number[];
  /** The keys of all stored objects. */
  storedKeys(): Promise<ReadonlySet<string>>;
}
