import { randomBytes } from 'node:crypto';
import { MAX_HANDSHAKE_SIGNATURES } from '#awala/collection/handshake.ts';
import { oid } from '#awala/der/oids.ts';
import { NULL, sequence } from '#awala/der/writer.ts';
import { MessageFault } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { craftCertificate, extension } from '#test/builders/crafted-certificates.ts';
import { craftMessage } from '#test/builders/crafted-messages.ts';
import {
  identity,
  internetGateway,
  newIdentity,
  type Peer,
  privateGateway,
  signNonce,
  validAround,
} from '#test/builders/peers.ts';
import { hostileParcels } from '#test/fuzz/hostile-messages.ts';
import { candidate, cpuMsOf, cpuRow, sideBySide } from '../measure.ts';
import type { Row } from '../rows/row.ts';

const LARGEST_KEY_BITS = 4_096;
const SEGMENTS = 16_384;
const CARGO_OCTET = 0x43;

const now = new Date();
const validity = validAround(now);

/** The most that one message can cost whose sender nobody knows, or who has just registered for nothing. */
export async function run(): Promise<readonly Row[]> {
  const gateway = await internetGateway('gateway', validity);
  const trust = { at: now, anchors: [gateway.certificate] };
  const verifier = new MessageVerifier();
  const cargo = largestCargo(gateway);
  const handshake = await longestHandshake(gateway);
  const slowest = await slowestToRefuse(verifier);
  const rounds = await sideBySide({
    path: candidate([mostTangledParcel(gateway)], (octets) =>
      refused(() => verifier.verifyParcel(verifier.read(octets, 'parcel'), trust)),
    ),
    content: candidate([cargo], (octets) =>
      verifier.verifyFromPrivateGateway(verifier.read(octets, 'cargo'), trust),
    ),
    signatures: candidate([handshake], ({ nonce, answers }) => {
      for (const answer of answers) {
        verifier.verifyDetached(answer, nonce, 'collection-handshake', trust);
      }
    }),
    malformed: candidate([slowest], (octets) => refused(() => verifier.read(octets, 'parcel'))),
  });
  // Marks of three times what it takes and more, so that a slow machine reaches them.
  return [
    cpuRow('refuse the parcel whose path takes most work', rounds, 'path', 15),
    cpuRow('verify the largest cargo, SHA-512, in most pieces', rounds, 'content', 60),
    cpuRow('verify a handshake with most signatures', rounds, 'signatures', 30),
    cpuRow('refuse what is made to be expensive to read', rounds, 'malformed', 3),
  ];
}

/** As many checks of signatures as there may be, each with the largest key and over the largest certificate. */
function mostTangledParcel(gateway: Peer): Uint8Array {
  const authority = newIdentity(LARGEST_KEY_BITS);
  const padding = extension(
    oid('1.2.3'),
    false,
    sequence(...Array.from({ length: 3_000 }, () => NULL)),
  );
  const common = {
    ...validity,
    issuer: authority,
    issuerName: 'authority',
    hash: 'sha512',
    moreExtensions: [padding],
  } as const;
  const sender = { ...newIdentity(LARGEST_KEY_BITS), issuers: [] };
  const leaf = craftCertificate({ ...common, subject: sender, subjectName: 'sender' });
  const authorities = Array.from({ length: 9 }, () =>
    craftCertificate({
      ...common,
      subject: authority,
      subjectName: 'authority',
      signedBy: sender,
      isCa: true,
      pathLength: 2,
    }),
  );
  return craftMessage({
    sender: { ...sender, certificate: leaf },
    certificates: [leaf, ...authorities],
    recipient: gateway.nodeId,
    createdAt: now,
    hash: 'sha512',
  });
}

function largestCargo(gateway: Peer): Uint8Array {
  const sender = { ...newIdentity(LARGEST_KEY_BITS), issuers: [] };
  const certificate = craftCertificate({
    ...validity,
    subject: sender,
    issuer: gateway,
    isCa: true,
    hash: 'sha512',
  });
  // Leaves room for what is around each piece.
  const octets = MAX_MESSAGE_OCTETS - SEGMENTS * 6 - 1_100_000;
  return craftMessage({
    sender: { ...sender, certificate },
    recipient: gateway.nodeId,
    createdAt: now,
    typeOctet: CARGO_OCTET,
    payload: randomBytes(octets),
    segmentOctets: Math.ceil((octets + 1_000) / SEGMENTS),
    hash: 'sha512',
  });
}

async function slowestToRefuse(verifier: MessageVerifier): Promise<Uint8Array> {
  const certificate = { ...validity, subject: identity('a'), issuer: identity('b') };
  let slowest: { octets: Uint8Array; cpuMs: number } = { octets: new Uint8Array(), cpuMs: 0 };
  for (const octets of Object.values(hostileParcels(certificate))) {
    const refuse = () => refused(() => verifier.read(octets, 'parcel'));
    refuse();
    const cpuMs = await cpuMsOf(refuse);
    slowest = cpuMs > slowest.cpuMs ? { octets, cpuMs } : slowest;
  }
  return slowest.octets;
}

async function longestHandshake(gateway: Peer) {
  const nonce = randomBytes(32);
  const answers: Uint8Array[] = [];
  const phone = await privateGateway('phone', gateway, validity);
  for (let count = 0; count < MAX_HANDSHAKE_SIGNATURES; count++) {
    answers.push(await signNonce(nonce, phone));
  }
  return { nonce, answers };
}

function refused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof MessageFault) {
      return;
    }
    throw error;
  }
  throw new Error('it was accepted');
}
