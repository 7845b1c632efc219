import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { systemClock } from '#clock/clock.ts';
import { internetGateway, validAround } from '#test/builders/peers.ts';
import { CollectionGateway } from '../collection-gateway.ts';
import { answerQuestions } from './child.ts';

const validity = validAround(new Date());
const us = await internetGateway('us', validity);
const gateway = new CollectionGateway(us, systemClock);
const collection = createServer().on('upgrade', gateway.handleUpgrade).listen(0);
await once(collection, 'listening');

let plainOctets = 0;
/** Sends as many octets as was asked for, as fast as TCP does. */
const plain = createTcpServer((socket) => {
  socket.on('error', () => {});
  socket.end(Buffer.alloc(plainOctets));
}).listen(0);
await once(plain, 'listening');

const answers = {
  /** @returns the phone's certificate, in base64 */
  async admit({ spki }: { readonly spki: string }): Promise<string> {
    const certificate = await issueGatewayCertificate({
      ...validity,
      subjectKey: Buffer.from(spki, 'base64'),
      issuer: us.certificate,
      issuerKey: us.spki,
      sign: us.sign,
    });
    return Buffer.from(certificate.der).toString('base64');
  },
  ports(): { readonly collection: number; readonly plain: number } {
    return {
      collection: (collection.address() as AddressInfo).port,
      plain: (plain.address() as AddressInfo).port,
    };
  },
  /** Parcels for the phone, and as many octets by plain TCP. */
  async hold(held: { readonly spki: string; readonly sizes: readonly number[] }): Promise<void> {
    plainOctets = held.sizes.reduce((sum, size) => sum + size, 0);
    const nodeId = nodeIdOfKey(Buffer.from(held.spki, 'base64'));
    await gateway.hold({ nodeId }, held.sizes);
  },
};

export type LinkGateway = typeof answers;

answerQuestions(answers);
