import type { WebSocket } from 'ws';
import { deliveryFrameParts, serialiseDelivery } from '#awala/collection/delivery.ts';

/** Deliveries up to this size go out as one frame; larger ones in fragments of it, in octets. */
const FRAGMENT_OCTETS = 64 * 1024;

/**
 * Sends a delivery, resolving once the operating system took all of it. A large
 * parcel goes out in fragments, so that pings pass in between even on a slow
 * link and no more than one fragment waits in memory besides the parcel itself.
 *
 * @throws if the connection is closed meanwhile
 */
export async function sendDelivery(
  socket: WebSocket,
  deliveryId: string,
  parcel: Uint8Array,
): Promise<void> {
  if (parcel.length <= FRAGMENT_OCTETS) {
    await send(socket, serialiseDelivery(deliveryId, parcel), true);
    return;
  }
  await send(socket, deliveryFrameParts(deliveryId, parcel.length), false);
  for (let start = 0; start < parcel.length; start += FRAGMENT_OCTETS) {
    const fragment = parcel.subarray(start, start + FRAGMENT_OCTETS);
    await send(socket, fragment, start + FRAGMENT_OCTETS >= parcel.length);
  }
}

function send(socket: WebSocket, data: Uint8Array, fin: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, { binary: true, fin }, (error) => (error ? reject(error) : resolve()));
  });
}
