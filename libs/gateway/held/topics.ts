/** Topics of the work queue: who fills each, and who empties it. */

/**
 * Keys of cargoes to unpack. `CargoIntake` (CogRPC) queues each cargo it stores; the sweeper queues
 * those that have no job. `CargoUnpacking` (workers) handles them.
 */
export const CARGO_TOPIC = 'incoming-cargo';

/**
 * Keys of parcels to post to Internet addresses. `Outbox` (PoWeb, cargo unpacking) queues each parcel it
 * stores; the sweeper queues those that have no job. `InternetDelivery` (workers) handles them.
 */
export const INTERNET_DELIVERY_TOPIC = 'internet-delivery';
