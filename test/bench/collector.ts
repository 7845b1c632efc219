import { WebSocket } from 'ws';
import { signDetached } from '#awala/cms/signed-data-writer.ts';
import { parseDelivery } from '#awala/collection/delivery.ts';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { type Identity, identity } from '#test/builders/peers.ts';
import { ChildServer } from './servers/child-server.ts';
import type { CollectionServerInfo, CollectionServerSettings } from './servers/collection.ts';

export type CollectionChild = ChildServer<CollectionServerInfo>;

/** Starts a collection server that holds parcels for a phone. */
export function startCollectionServer(
  settings: Pick<CollectionServerSettings, 'parcels' | 'parcelOctets' | 'fetchDelayMs'>,
): Promise<CollectionChild> {
  const phone = identity('phone');
  const phoneKey = Buffer.from(phone.spki).toString('base64');
  return ChildServer.start('./collection.ts', { ...settings, phoneKey, phone: phone.nodeId });
}

interface Collected {
  readonly parcels: number;
  readonly firstParcelMs: number;
  readonly totalMs: number;
}

/** Collects all, acknowledging each delivery as it comes, until the server closes. */
export async function collectAll(
  { info }: CollectionChild,
  stopAfterFirst = false,
): Promise<Collected> {
  const startMs = performance.now();
  const socket = await openCollector(info, identity('phone'), 'close-upon-completion');
  let parcels = 0;
  let firstParcelMs = Number.NaN;
  return new Promise((resolve, reject) => {
    socket.on('message', (frame: Buffer) => {
      parcels += 1;
      firstParcelMs = parcels === 1 ? performance.now() - startMs : firstParcelMs;
      if (stopAfterFirst) {
        socket.terminate();
      } else {
        socket.send(parseDelivery(frame).deliveryId);
      }
    });
    socket.on('error', reject);
    socket.on('close', (code) => {
      const totalMs = performance.now() - startMs;
      return code === 1000 || stopAfterFirst
        ? resolve({ parcels, firstParcelMs, totalMs })
        : reject(new Error(`the collection was closed with ${code}`));
    });
  });
}

/** @returns the socket, once the handshake response was sent */
export function openCollector(
  { port, certificate }: CollectionServerInfo,
  phone: Identity,
  mode: 'keep-alive' | 'close-upon-completion',
): Promise<WebSocket> {
  const signer = {
    certificate: Certificate.parse(Buffer.from(certificate, 'base64')),
    sign: phone.sign,
  };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/parcel-collection`, {
    headers: { 'x-awala-streaming-mode': mode, 'user-agent': 'bench' },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('message', (challenge: Buffer) => {
      signDetached(parseChallenge(challenge), 'collection-handshake', signer).then((signature) => {
        socket.off('error', reject);
        resolve(socket);
        socket.send(serialiseHandshakeResponse([signature]));
      }, reject);
    });
  });
}
