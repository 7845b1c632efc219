import { BackingUnavailableError } from '#backing/errors.ts';
import { delay } from '#clock/clock.ts';
import { DescriptorWatch } from '#runtime/descriptors.ts';
import type { HttpServer } from '#runtime/http/http-server.ts';
import { createOperationsServer } from '#runtime/operations-server.ts';
import { Readiness, STARTING } from '#runtime/readiness.ts';
import { releaseOf } from '#runtime/release.ts';
import type { ProcessParts } from './process-parts.ts';

const PAUSE_MS = 500;

/** Where the operations server listens, and which release it shows. */
export interface OperationsConfig {
  readonly operations: { readonly host: string; readonly port: number };
  readonly release: { readonly revision: string | null; readonly imageDigest: string | null };
}

/** A port that can say whether it works now. */
export interface Checked {
  check(): Promise<void>;
}

/**
 * A service as its operators see it: it answers on the operations port from the start, is ready
 * once it has started and its backing services answer, and is no longer ready once it drains.
 */
export class Operations implements AsyncDisposable {
  readonly #parts: ProcessParts;
  readonly #server: HttpServer;
  readonly #readiness: Readiness;
  readonly #checks: Record<string, () => Promise<void>>;
  readonly #descriptors: DescriptorWatch;
  #notStarted: string | null = STARTING;
  #status: (() => Promise<object>) | null = null;

  private constructor(
    parts: ProcessParts,
    config: OperationsConfig,
    backing: Readonly<Record<string, Checked>>,
  ) {
    this.#parts = parts;
    const checks = Object.entries(backing).map(
      ([name, port]) => [name, () => port.check()] as const,
    );
    this.#checks = { ...Object.fromEntries(checks), start: () => this.#checkStart() };
    this.#readiness = new Readiness({ clock: parts.clock, checks: this.#checks });
    parts.processMetrics.observeEach(
      'backing_ready',
      'Whether each backing service answers',
      'backing',
      () => this.#backingReady(Object.keys(backing)),
    );
    const onShortage = parts.processMetrics.descriptorsShort;
    this.#descriptors = new DescriptorWatch({ ...parts, onShortage });
    this.#server = createOperationsServer({
      ...parts,
      ...config.operations,
      release: releaseOf(config.release),
      readiness: this.#readiness,
      metrics: parts.processMetrics,
      status: () => this.#status?.() ?? null,
    });
  }

  /**
   * Opens the operations port.
   *
   * @param backing - the ports that the service needs, by name
   * @throws if it cannot listen on the port
   */
  static async open(
    parts: ProcessParts,
    config: OperationsConfig,
    backing: Readonly<Record<string, Checked>>,
  ): Promise<Operations> {
    const operations = new Operations(parts, config, backing);
    await operations.#server.listen();
    return operations;
  }

  get port(): number {
    return this.#server.port;
  }

  /**
   * Repeats `attempt` until the backing services let it succeed, so that a service started during
   * an outage serves as soon as that ends.
   *
   * @throws what the attempt throws, unless it is a {@link BackingUnavailableError}; the reason to
   * stop
   */
  async untilAvailable<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { clock, log, stopping } = this.#parts;
    for (;;) {
      stopping.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof BackingUnavailableError)) {
          throw error;
        }
        this.#notStarted = error.message;
        log.warn({ detail: error.message }, 'Cannot start yet; trying again');
      }
      await delay(clock, PAUSE_MS, stopping);
    }
  }

  /** From now on readiness also needs this check. */
  alsoCheck(name: string, check: () => Promise<unknown>): void {
    this.#checks[name] = async () => void (await check());
  }

  /** From now on `/status` answers what this resolves to, as JSON. */
  reportStatus(status: () => Promise<object>): void {
    this.#status = status;
  }

  /** Why each failing check fails, by its name; none if the service is ready. */
  async failing(): Promise<Readonly<Record<string, string>>> {
    return (await this.#readiness.state()).failing;
  }

  /** The service has started: it is ready while its backing is. */
  started(): void {
    this.#notStarted = null;
  }

  /** The phase: `serving` from when the service was first ready. */
  phase(): Promise<'starting' | 'serving' | 'draining'> {
    return this.#readiness.phase();
  }

  /** From now on the service is not ready. */
  drain(): void {
    this.#readiness.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#descriptors[Symbol.dispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  async #backingReady(names: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const { failing } = await this.#readiness.state();
    return Object.fromEntries(names.map((name) => [name, name in failing ? 0 : 1]));
  }

  async #checkStart(): Promise<void> {
    if (this.#notStarted !== null) {
      throw new Error(this.#notStarted);
    }
  }
}
