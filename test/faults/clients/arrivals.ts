import { MessageVerifier } from '#awala/message-verifier.ts';
import type { InternetApp } from '#test/peers/internet-app.ts';
import type { Load } from './load.ts';
import { APP } from './load-parcels.ts';

const ACCEPTED = 202;

/** Records in the ledger what the Internet app receives, and when it answered. */
export function recordArrivals(load: Load, { server }: InternetApp): void {
  const verifier = new MessageVerifier();
  server.behaviour = (response, { body }) => {
    const { id } = verifier.read(body, 'parcel');
    const handOver = load.ledger.handOver(id, APP, { by: 'Internet delivery' });
    server.received.length = 0;
    response.once('finish', () => {
      handOver.acknowledgedAtMs = performance.now();
    });
    response.writeHead(ACCEPTED).end();
  };
}
