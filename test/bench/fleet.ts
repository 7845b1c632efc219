import type { Peer } from '#test/builders/peers.ts';
import { ChildServer } from './servers/child-server.ts';
import type { CollectorsSettings } from './servers/collectors.ts';

/** Client processes, which share the collectors: each signs some 500 answers to challenges a second. */
const PROCESSES = 3;

/** Collectors of one phone, in processes of their own, so that the server's costs are its own. */
export class Fleet implements AsyncDisposable {
  readonly #processes: readonly ChildServer<null>[];

  private constructor(processes: readonly ChildServer<null>[]) {
    this.#processes = processes;
  }

  /** @param perSecond - how many connect in a second */
  static async start(
    port: number,
    phone: Peer,
    { count, perSecond }: Pick<CollectorsSettings, 'count' | 'perSecond'>,
  ): Promise<Fleet> {
    const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
    const shared = {
      port,
      phoneKey: base64(phone.privateKey.export({ type: 'pkcs8', format: 'der' })),
      phoneSpki: base64(phone.spki),
      certificate: base64(phone.certificate.der),
      perSecond: perSecond / PROCESSES,
    };
    const processes = Array.from({ length: PROCESSES }, (_, index) => {
      const settings: CollectorsSettings = {
        ...shared,
        count: Math.floor((count + index) / PROCESSES),
        localAddress: `127.0.0.${index + 2}`,
      };
      return ChildServer.start<null>('./collectors.ts', settings);
    });
    return new Fleet(await Promise.all(processes));
  }

  /** Connects all at their pace; resolves once each has proven who it is. */
  async connect(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.perform('connect')));
  }

  /** How many are connected. */
  open(): Promise<number> {
    return this.#sumOf('open');
  }

  /** How many of those that are connected no more closed with each code; 1006 if they were cut. */
  async closings(): Promise<Readonly<Record<number, number>>> {
    const codes = await Promise.all(
      this.#processes.map((each) => each.perform<readonly number[]>('closings')),
    );
    const counts: Record<number, number> = {};
    for (const code of codes.flat()) {
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  }

  /** Resolves with how many were asked to go and come back, once all are gone. */
  sentAway(): Promise<number> {
    return this.#sumOf('sentAway');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((each) => each[Symbol.asyncDispose]()));
  }

  async #sumOf(task: string): Promise<number> {
    const counts = this.#processes.map((each) => each.perform<number>(task));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }
}
