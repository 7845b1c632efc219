import type { NodeId } from '#awala/node-id.ts';
import type { Log, LogFields } from '#log/log.ts';

/** No closing frame came (RFC 6455 §7.1.5). */
const BROKEN = 1006;

/** How a connection was closed. */
interface Closing {
  readonly closeCode: number;
  readonly closeReason: string;
  /** Nobody if it broke, or was cut. */
  readonly closedBy: 'gateway' | 'client' | 'nobody';
}

interface Failure {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

const NO_FAILURE = { level: 'debug', message: 'A collection ended', fields: {} } as const;

/**
 * What the log is told of a collector's connection: one line once it is over, at `debug` unless it
 * failed, with whose it was, how far it came and how it was closed.
 */
export class CollectorReport {
  /** The nodes that the client proved to be. */
  peers: readonly NodeId[] = [];
  readonly #log: Log;
  readonly #requestId: string;
  #failure: Failure | null = null;
  /** By us. */
  #closing: Closing | null = null;

  /** @param log - of the process */
  constructor(log: Log, requestId: string) {
    this.#log = log;
    this.#requestId = requestId;
  }

  /** Names the request that became the connection, and no node. Made each time, as idle connections need none. */
  get log(): Log {
    return this.#log.with({ request: this.#requestId });
  }

  /** What went wrong; only the first counts. */
  failed(level: Failure['level'], message: string, fields: LogFields = {}): void {
    this.#failure ??= { level, message, fields };
  }

  /** We close it. */
  closing(closeCode: number, closeReason: string): void {
    this.#closing = { closeCode, closeReason, closedBy: 'gateway' };
  }

  /**
   * The connection is over. To be called once.
   *
   * @param code - as `ws` tells it, and `reason`
   * @param counts - of deliveries, if there were to be any
   */
  ended(
    code: number,
    reason: string,
    counts: { readonly sent: number; readonly acknowledged: number } | undefined,
  ): void {
    const { level, message, fields } = this.#failure ?? NO_FAILURE;
    if (!this.#log.wants(level)) {
      return;
    }
    const [peer] = this.peers;
    const whose = peer === undefined ? {} : { peer, nodes: this.peers.length };
    const closing = this.#closing ?? closingByClient(code, reason);
    this.log[level]({ ...whose, ...counts, ...closing, ...fields }, message);
  }
}

function closingByClient(closeCode: number, closeReason: string): Closing {
  const isBroken = closeCode === BROKEN;
  return { closeCode, closeReason, closedBy: isBroken ? 'nobody' : 'client' };
}
