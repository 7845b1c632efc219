import type { NodeId } from '#awala/node-id.ts';
import type { Log, LogFields } from '#log/log.ts';
import { SparingLog } from '#log/sparing-log.ts';

/** How a connection was closed. */
interface Closing {
  readonly closeCode: number;
  readonly closeReason: string;
  /** `nobody` if it broke or was cut. */
  readonly closedBy: 'gateway' | 'client' | 'nobody';
}

interface Failure {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

const NO_FAILURE = { level: 'debug', message: 'A collection ended', fields: {} } as const;

/**
 * Logs a collector's connection: one line at its end, at `debug` unless it failed, with its nodes,
 * its progress and how it was closed.
 */
export class CollectorReport {
  /** The nodes that the client proved to be. */
  peers: readonly NodeId[] = [];
  /** Names the request that became the connection, and no node. */
  readonly log: Log;
  #failure: Failure | null = null;
  /** If we closed it. */
  #closing: Closing | null = null;

  /** @param log - of the process */
  constructor(log: Log, requestId: string) {
    this.log = new SparingLog(log, { request: requestId });
  }

  /** Notes what went wrong; only the first call counts. */
  failed(level: Failure['level'], message: string, fields: LogFields = {}): void {
    this.#failure ??= { level, message, fields };
  }

  /** Notes that we are closing it. */
  closing(closeCode: number, closeReason: string): void {
    this.#closing = { closeCode, closeReason, closedBy: 'gateway' };
  }

  /**
   * Logs the end of the connection. Call it once.
   *
   * @param code - from `ws`, like `reason`
   * @param counts - of deliveries, if any were to be sent
   */
  ended(
    code: number,
    reason: string,
    counts: { readonly sent: number; readonly acknowledged: number } | undefined,
  ): void {
    const { level, message, fields } = this.#failure ?? NO_FAILURE;
    if (!this.log.wants(level)) {
      return;
    }
    const [peer] = this.peers;
    const whose = peer === undefined ? {} : { peer, nodes: this.peers.length };
    const closing = this.#closing ?? closingByClient(code, reason);
    this.log[level]({ ...whose, ...counts, ...closing, ...fields }, message);
  }
}

function closingByClient(closeCode: number, closeReason: string): Closing {
  // No closing frame came (RFC 6455 §7.1.5).
  const isBroken = closeCode === 1006;
  return { closeCode, closeReason, closedBy: isBroken ? 'nobody' : 'client' };
}
