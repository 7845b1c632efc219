import { backing } from '#test/backing/backing.ts';
import type { BackingName } from '#test/backing/servers.ts';
import type { CallTally } from './call-tally.ts';
import { startGcsTap } from './gcs-tap.ts';
import { startGrpcTap } from './grpc-tap.ts';
import { type RedisTap, startRedisTap } from './redis-tap.ts';

/** How often each backing service was asked for something, such as `gcs write`, `redis publish`. */
export interface Calls {
  readonly asked: ReadonlyMap<string, number>;
  /** What processes ask whatever goes on, each few seconds or minutes. */
  readonly byClock: ReadonlyMap<string, number>;
}

type Taps = Readonly<Record<string, { readonly calls: CallTally }>>;

/** Long enough for what goes on after an answer was given, such as publishing a signal. */
const AFTERMATH_MS = 300;

/** Counts, on the wire, what services ask of their backing services. */
export class CallCounter implements AsyncDisposable {
  /** For the services whose calls are to be counted. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #opened: AsyncDisposableStack;
  readonly #redis: RedisTap;
  readonly #taps: Taps;

  private constructor(parts: {
    readonly opened: AsyncDisposableStack;
    readonly environment: Readonly<Record<string, string>>;
    readonly taps: Taps;
    readonly redis: RedisTap;
  }) {
    this.environment = parts.environment;
    this.#opened = parts.opened;
    this.#taps = parts.taps;
    this.#redis = parts.redis;
  }

  static async start(): Promise<CallCounter> {
    await using opened = new AsyncDisposableStack();
    const addressOf = async (name: BackingName) => (await backing(name)).address;
    const gcs = opened.use(await startGcsTap(await addressOf('gcs')));
    const firestore = opened.use(await startGrpcTap(await addressOf('firestore')));
    const kms = opened.use(await startGrpcTap(await addressOf('kms')));
    const redis = opened.use(await startRedisTap(await addressOf('redis')));
    const environment = {
      GCS_ENDPOINT: gcs.origin,
      FIRESTORE_EMULATOR_HOST: firestore.address,
      KMS_EMULATOR_HOST: kms.address,
    };
    const taps = { gcs, firestore, kms, redis };
    return new CallCounter({ opened: opened.move(), environment, taps, redis });
  }

  /** @returns what all services asked for while `work` went on, and a moment after */
  async during(work: () => Promise<unknown>): Promise<Calls> {
    await this.#settle();
    for (const { calls } of Object.values(this.#taps)) {
      calls.clear();
    }
    await work();
    await this.#settle();
    return { asked: this.#all('asked'), byClock: this.#all('byClock') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  #all(why: keyof Calls): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.#taps).flatMap(([tap, { calls }]) =>
        [...calls[why]].map(([call, count]) => [`${tap} ${call}`, count] as const),
      ),
    );
  }

  async #settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    await this.#redis.settled();
  }
}
