import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { Certificate } from '#awala/x509/certificate.ts';
import { systemClock } from '#clock/clock.ts';
import { identity } from '#test/builders/peers.ts';
import { CLIENT_HEADERS, type Client, PatientCollector } from '#test/peers/patient-collector.ts';
import { answerQuestions } from './child.ts';

const HOST = '10.91.0.1';

const self = identity('phone');

interface Collecting {
  readonly port: number;
  readonly client: Client;
  /** The phone's, in base64. */
  readonly certificate: string;
  /** Parcels to wait for. */
  readonly parcels: number;
}

interface CollectedOverLink {
  readonly parcels: number;
  /** Why the connection ended before all had arrived; null if it did not. */
  readonly ended: string | null;
  /** From the answer to the challenge until the last parcel was there. */
  readonly tookMs: number;
  readonly longestPongMs: number;
}

const answers = {
  spki(): string {
    return Buffer.from(self.spki).toString('base64');
  },
  /** @returns how long plain TCP took to bring what the server has to send, in milliseconds */
  async plain({ port }: { readonly port: number }): Promise<number> {
    const startMs = performance.now();
    const socket = connect(port, HOST).resume();
    await once(socket, 'close');
    return performance.now() - startMs;
  },
  /** Collects over one connection, until all has arrived or the connection ended. */
  async collect({ port, client, certificate, parcels }: Collecting): Promise<CollectedOverLink> {
    const socket = new WebSocket(`ws://${HOST}:${port}/v1/parcel-collection`, {
      headers: CLIENT_HEADERS[client],
      perMessageDeflate: false,
    });
    const phone = {
      ...self,
      certificate: Certificate.parse(Buffer.from(certificate, 'base64')),
      issuers: [],
    };
    const collector = new PatientCollector(socket, client, { clock: systemClock, phone });
    await collector.until(parcels);
    const { arrivals, ended, longestPongMs, welcomeAtMs } = collector;
    const tookMs = Date.now() - welcomeAtMs;
    // So that the acknowledgements get there.
    socket.close();
    await once(socket, 'close');
    return { parcels: arrivals.length, ended, tookMs, longestPongMs };
  },
};

export type LinkPhone = typeof answers;

answerQuestions(answers);
