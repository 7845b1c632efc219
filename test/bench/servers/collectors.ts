import { createPrivateKey } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { type Peer, signerOf } from '#test/builders/peers.ts';
import { Collector } from '#test/peers/collector.ts';
import { serveVitals } from './child-server.ts';

/** What a process of collectors is told: binary values in base64. */
export interface CollectorsSettings {
  readonly port: number;
  /** Address to connect from, as each has but so many ports. */
  readonly localAddress: string;
  /** The phone's private key, PKCS #8. */
  readonly phoneKey: string;
  /** DER SubjectPublicKeyInfo. */
  readonly phoneSpki: string;
  readonly certificate: string;
  readonly count: number;
  /** How many connect in a second. */
  readonly perSecond: number;
}

/** Connecting at a time: on a busy machine, all take longer rather than being given up. */
const AT_ONCE = 50;

// What is measured must not wait for a processor on account of what measures it; but with the lowest
// priority, a client that has others beside it could be too late with its pongs.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const settings: CollectorsSettings = JSON.parse(process.argv[2] ?? '{}');
const phone = readPhone();
let collectors: Collector[] = [];

serveVitals<null>(null, {
  /** Connects all, and resolves once each has proven who it is. */
  connect,
  /** How many are connected. */
  open: () => collectors.filter(({ isOpen }) => isOpen).length,
  /** The code with which each closed that is connected no more. */
  closings: () =>
    Promise.all(
      collectors.filter(({ isOpen }) => !isOpen).map(async ({ closed }) => (await closed).code),
    ),
  /** Resolves with how many were sent away, once all are gone. */
  sentAway: async () => {
    const codes = await Promise.all(collectors.map(async ({ closed }) => (await closed).code));
    return codes.filter((code) => code === 4_000).length;
  },
});

async function connect(): Promise<void> {
  const { port, localAddress, count, perSecond } = settings;
  const startMs = performance.now();
  const opening: Promise<Collector>[] = [];
  for (let index = 0; index < count; index++) {
    const earlyMs = startMs + (index * 1_000) / perSecond - performance.now();
    if (earlyMs > 0) {
      await setTimeout(earlyMs);
    }
    await opening[index - AT_ONCE];
    opening.push(Collector.open(port, [phone], { localAddress }));
  }
  collectors = await Promise.all(opening);
}

function readPhone(): Peer {
  const octets = (name: 'phoneKey' | 'phoneSpki' | 'certificate') =>
    Buffer.from(settings[name], 'base64');
  const spki = octets('phoneSpki');
  const privateKey = createPrivateKey({ key: octets('phoneKey'), format: 'der', type: 'pkcs8' });
  const certificate = Certificate.parse(octets('certificate'));
  const sign = signerOf(privateKey);
  return { nodeId: nodeIdOfKey(spki), spki, privateKey, sign, certificate, issuers: [] };
}
