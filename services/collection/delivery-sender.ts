import type { WebSocket } from 'ws';
import { deliveryFrameParts, serialiseDelivery } from '#awala/collection/delivery.ts';
import { PeerGoneError } from '#awala/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { ConfirmedFlow } from './confirmed-flow.ts';

/** How long the network may take, or the peer confirm, none of the octets in flight. */
const STANDSTILL_TIMEOUT_MS = 120_000;

/** What sending needs of a WebSocket. */
export type DeliverySocket = Pick<WebSocket, 'send' | 'terminate'>;

interface Sending {
  readonly clock: Clock;
  readonly flow: ConfirmedFlow;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

/**
 * Sends a delivery; resolves once the operating system took all of it. Sends what exceeds the
 * flow's window in fragments, as room comes, so that pings pass in between even on a slow link, and
 * at most one fragment waits in memory besides the parcel.
 *
 * Cuts the connection if nothing moves for two minutes, even if the peer shows signs of life: the
 * parcel would stay in memory for as long as the peer likes.
 *
 * @throws {PeerGoneError} if the connection is closed meanwhile
 */
export async function sendDelivery(
  socket: DeliverySocket,
  { deliveryId, parcel }: { readonly deliveryId: string; readonly parcel: Uint8Array },
  sending: Sending,
): Promise<void> {
  if (sending.flow.room(parcel.length) === parcel.length) {
    await send(socket, serialiseDelivery(deliveryId, parcel), deliveryId, sending);
    return;
  }
  await send(socket, deliveryFrameParts(deliveryId, parcel.length), null, sending);
  for (let start = 0; start < parcel.length; ) {
    const end = start + (await room(socket, parcel.length - start, sending));
    const ended = end === parcel.length ? deliveryId : null;
    await send(socket, parcel.subarray(start, end), ended, sending);
    start = end;
  }
}

/** @returns how much may be sent now, once it is not 0 */
async function room(
  socket: DeliverySocket,
  wantedOctets: number,
  { clock, flow, signal }: Sending,
): Promise<number> {
  for (;;) {
    // Nothing will be confirmed any more.
    if (signal.aborted) {
      throw collectorGone(signal.reason);
    }
    const octets = flow.room(wantedOctets);
    if (octets > 0) {
      return octets;
    }
    const cancelCut = clock.schedule(STANDSTILL_TIMEOUT_MS, () => socket.terminate());
    await flow.change(signal);
    cancelCut();
  }
}

/** @param ended - the delivery that this data completes */
function send(
  socket: DeliverySocket,
  data: Uint8Array,
  ended: string | null,
  { clock, flow }: Sending,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelCut = clock.schedule(STANDSTILL_TIMEOUT_MS, () => socket.terminate());
    socket.send(data, { binary: true, fin: ended !== null }, (error) => {
      cancelCut();
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
