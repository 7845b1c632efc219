import type { WebSocket } from 'ws';
import { deliveryFrameParts, serialiseDelivery } from '#awala/collection/delivery.ts';
import { PeerGoneError } from '#awala/errors.ts';
import type { Who } from '#bounds/fair-shares.ts';
import { LeastSpeed } from '#bounds/least-speed.ts';
import type { Clock } from '#clock/clock.ts';
import type { ConfirmedFlow } from './confirmed-flow.ts';
import type { Senders, Sending } from './senders.ts';

/** What a peer must confirm at least in each span of time while it is sent something. */
const PACE_MS = 20_000;
const LEAST_PACE_OCTETS = 8 * 1024;

/** What sending needs of a WebSocket. */
export type DeliverySocket = Pick<WebSocket, 'send' | 'terminate'>;

interface SendingParts {
  readonly clock: Clock;
  readonly flow: ConfirmedFlow;
  /** Told of deliveries that take a while. */
  readonly senders: Pick<Senders, 'add' | 'remove'>;
  /** Of the client. */
  readonly network: Who;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

/**
 * Sends a delivery; resolves once the operating system took all of it. Sends what exceeds the
 * flow's window in fragments, as room comes, so that pings pass in between even on a slow link, and
 * at most one fragment waits in memory besides the parcel.
 *
 * Cuts the connection if its peer confirms less than 8 KiB in 20 s, even if it shows signs of life,
 * or if others need the memory more: the parcel would stay there for as long as the peer likes.
 *
 * @throws {PeerGoneError} if the connection is closed meanwhile
 */
export async function sendDelivery(
  socket: DeliverySocket,
  { deliveryId, parcel }: { readonly deliveryId: string; readonly parcel: Uint8Array },
  parts: SendingParts,
): Promise<void> {
  const delivery = new UnderWay(socket, parcel.length, parts);
  try {
    if (parts.flow.room(parcel.length) === parcel.length) {
      await send(socket, serialiseDelivery(deliveryId, parcel), deliveryId, parts);
      return;
    }
    parts.senders.add(delivery);
    await send(socket, deliveryFrameParts(deliveryId, parcel.length), null, parts);
    for (let start = 0; start < parcel.length; ) {
      const end = start + (await room(parcel.length - start, parts));
      const ended = end === parcel.length ? deliveryId : null;
      await send(socket, parcel.subarray(start, end), ended, parts);
      start = end;
    }
  } finally {
    delivery.stop();
  }
}

/** A delivery on its way, to which its peer must keep up. */
class UnderWay implements Sending {
  readonly octets: number;
  readonly #socket: DeliverySocket;
  readonly #parts: SendingParts;
  readonly #speed: LeastSpeed;

  constructor(socket: DeliverySocket, octets: number, parts: SendingParts) {
    this.octets = octets;
    this.#socket = socket;
    this.#parts = parts;
    this.#speed = new LeastSpeed({
      clock: parts.clock,
      everyMs: PACE_MS,
      leastOctets: LEAST_PACE_OCTETS,
      count: () => this.confirmedOctets,
      onTooSlow: () => this.end(),
    });
    this.#speed.expect(true);
  }

  get network(): Who {
    return this.#parts.network;
  }

  get confirmedOctets(): number {
    return this.#parts.flow.confirmedOctets;
  }

  end(): void {
    this.#socket.terminate();
  }

  stop(): void {
    this.#speed.expect(false);
    this.#parts.senders.remove(this);
  }
}

/** @returns how much may be sent now, once it is not 0 */
async function room(wantedOctets: number, { flow, signal }: SendingParts): Promise<number> {
  for (;;) {
    // Nothing will be confirmed any more.
    if (signal.aborted) {
      throw collectorGone(signal.reason);
    }
    const octets = flow.room(wantedOctets);
    if (octets > 0) {
      return octets;
    }
    await flow.change(signal);
  }
}

/** @param ended - the delivery that this data completes */
function send(
  socket: DeliverySocket,
  data: Uint8Array,
  ended: string | null,
  { flow }: SendingParts,
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, { binary: true, fin: ended !== null }, (error) => {
      if (error) {
        reject(collectorGone(error));
      } else {
        resolve();
      }
    });
    flow.sent(data.length, ended);
  });
}

function collectorGone(cause: unknown): PeerGoneError {
  return new PeerGoneError('the collector is gone', { cause });
}
