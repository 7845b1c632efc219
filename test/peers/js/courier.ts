import { credentials } from '@grpc/grpc-js';
import { CogRPCClient } from '@relaycorp/cogrpc';

/** The client as it is once it has looked up the SRV record, for which it asks the Internet. */
class TlsClient extends CogRPCClient {
  static at(host: string, root: string): CogRPCClient {
    return new TlsClient(host, credentials.createSsl(Buffer.from(root)));
  }
}

/** A courier on the unmodified deployed JavaScript client, whose calls last at most three seconds. */
export class JsCourier {
  readonly #open: () => Promise<CogRPCClient>;

  /** @param gateway - the port of its CogRPC on this machine, or how to connect to it */
  constructor(gateway: number | (() => Promise<CogRPCClient>)) {
    this.#open = typeof gateway === 'number' ? () => CogRPCClient.initLocalhost(gateway) : gateway;
  }

  /**
   * @param address - host and port, as in the gateway's SRV record
   * @param root - the certificate, in PEM, of the authority that it trusts
   */
  static overTls(address: string, root: string): JsCourier {
    return new JsCourier(async () => TlsClient.at(address, root));
  }

  /**
   * Resolves once the gateway has acknowledged all. Delivers again what was not acknowledged in time, as
   * couriers do.
   *
   * @throws {CogRPCError} if a call ends for another reason
   */
  async deliver(cargoes: readonly Buffer[]): Promise<void> {
    async function* deliveries() {
      for (const [index, cargo] of cargoes.entries()) {
        yield { localId: String(index), cargo };
      }
    }
    await untilInTime(async () => {
      using connection = await this.#connect();
      await Array.fromAsync(connection.client.deliverCargo(deliveries()));
    });
  }

  /**
   * Collects in one call.
   *
   * @param take - awaited before a cargo is acknowledged
   * @throws {CogRPCError}
   */
  async collect(
    cca: Buffer,
    take: (cargo: Buffer) => void | Promise<void> = () => {},
  ): Promise<Buffer[]> {
    using connection = await this.#connect();
    const cargoes: Buffer[] = [];
    for await (const cargo of connection.client.collectCargo(cca)) {
      cargoes.push(cargo);
      await take(cargo);
    }
    return cargoes;
  }

  /**
   * Collects in as many calls as it takes, while only the time limit ends them.
   *
   * @returns how many calls it took
   * @throws {CogRPCError} if a call ends for another reason
   */
  collectInCalls(cca: Buffer, take: (cargo: Buffer) => void | Promise<void>): Promise<number> {
    return untilInTime(() => this.collect(cca, take));
  }

  /** The same. @returns all cargoes */
  async collectAll(cca: Buffer): Promise<Buffer[]> {
    const cargoes: Buffer[] = [];
    await this.collectInCalls(cca, (cargo) => void cargoes.push(cargo));
    return cargoes;
  }

  async #connect(): Promise<{ readonly client: CogRPCClient } & Disposable> {
    const client = await this.#open();
    return { client, [Symbol.dispose]: () => client.close() };
  }
}

/**
 * How a call ends at the time limit: by it, or by the gateway, which answers just before; or because the
 * gateway has not got round to ending the call before it.
 */
const OUT_OF_TIME =
  /DEADLINE_EXCEEDED|UNAVAILABLE: The gateway is too slow now|ABORTED: another call is collecting/;

/** Calls until something else than the time limit ends the call. @returns the number of calls */
async function untilInTime(call: () => Promise<unknown>): Promise<number> {
  for (let calls = 1; ; calls++) {
    try {
      await call();
      return calls;
    } catch (error) {
      if (!OUT_OF_TIME.test(String(error))) {
        throw error;
      }
    }
  }
}
