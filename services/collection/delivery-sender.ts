import type { WebSocket } from 'ws';
import { deliveryFrameParts, serialiseDelivery } from '#awala/collection/delivery.ts';
import type { Clock } from '#clock/clock.ts';

/** Deliveries up to this size go out as one frame; larger ones in fragments of it, in octets. */
const FRAGMENT_OCTETS = 64 * 1024;

/** Longest time for the network to take a frame or fragment; slower links are too slow to collect on. */
const TAKING_TIMEOUT_MS = 120_000;

/** The connection was lost, or closed by the peer, before it took a delivery. */
export class CollectorGoneError extends Error {
  readonly code = 'COLLECTOR_GONE';

  constructor(cause: Error) {
    super('the collector is gone', { cause });
    this.name = 'CollectorGoneError';
  }
}

export interface Sending {
  readonly clock: Clock;
  /** The network took so many octets more. */
  readonly onTaken: (octets: number) => void;
}

/**
 * Sends a delivery, resolving once the operating system took all of it. A large
 * parcel goes out in fragments, so that pings pass in between even on a slow
 * link and no more than one fragment waits in memory besides the parcel itself.
 *
 * Cuts the connection if the peer takes next to nothing, even if it shows life
 * otherwise: what it is sent would stay in memory for as long as it likes.
 *
 * @throws {CollectorGoneError} if the connection is closed meanwhile
 */
export async function sendDelivery(
  socket: WebSocket,
  { deliveryId, parcel }: { readonly deliveryId: string; readonly parcel: Uint8Array },
  sending: Sending,
): Promise<void> {
  if (parcel.length <= FRAGMENT_OCTETS) {
    await send(socket, serialiseDelivery(deliveryId, parcel), true, sending);
    return;
  }
  await send(socket, deliveryFrameParts(deliveryId, parcel.length), false, sending);
  for (let start = 0; start < parcel.length; start += FRAGMENT_OCTETS) {
    const fragment = parcel.subarray(start, start + FRAGMENT_OCTETS);
    await send(socket, fragment, start + FRAGMENT_OCTETS >= parcel.length, sending);
  }
}

function send(
  socket: WebSocket,
  data: Uint8Array,
  fin: boolean,
  { clock, onTaken }: Sending,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelCut = clock.schedule(TAKING_TIMEOUT_MS, () => socket.terminate());
    socket.send(data, { binary: true, fin }, (error) => {
      cancelCut();
      if (error) {
        reject(new CollectorGoneError(error));
      } else {
        onTaken(data.length);
        resolve();
      }
    });
  });
}
