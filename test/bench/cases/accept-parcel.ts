import { randomBytes } from 'node:crypto';
import {
  Parcel,
  ParcelDeliveryVerifier,
  Certificate as PeerCertificate,
} from '@relaycorp/relaynet-core';
import { parseCountersignature } from '#awala/countersignature.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  internetGateway,
  messageFrom,
  type Peer,
  privateGateway,
  validAround,
} from '#test/builders/peers.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import { floorOf } from '../floor.ts';
import { type Candidate, candidate, cpuRows, type Marks, sideBySide } from '../measure.ts';
import type { Row } from '../rows/row.ts';

/** A parcel as a phone delivers it. */
interface Delivered {
  readonly parcel: Uint8Array;
  readonly countersignature: Uint8Array;
}

interface World {
  readonly gateway: Peer;
  readonly phone: Peer;
  readonly recipient: Peer;
  readonly now: Date;
}

/** Accepting a countersigned parcel for a private endpoint: parse, two signatures, a path of four. */
export async function run(): Promise<readonly Row[]> {
  const world = await makeWorld();
  const known = await authorisedSender('sender', world.recipient, validAround(world.now));
  return [
    ...(await acceptFrom(world, () => known, {
      work: 'accept a parcel of 1 KiB, sender seen before',
      octets: 1024,
      parcels: 300,
      marks: { peer: 1 / 100, floor: 2.5 },
    })),
    ...(await acceptFrom(world, (index) => authorisedNewcomer(world, index), {
      work: 'accept a parcel of 1 KiB, every sender new',
      octets: 1024,
      parcels: 60,
      isNewEachTime: true,
      marks: { peer: 1 / 40, floor: null },
    })),
    ...(await acceptFrom(world, () => known, {
      work: 'accept a parcel of 100 KiB, sender seen before',
      octets: 100 * 1024,
      parcels: 200,
      marks: { peer: null, floor: 1.4 },
    })),
    ...(await acceptFrom(world, () => known, {
      work: 'accept a parcel of 8 MB, sender seen before',
      octets: 8_000_000,
      parcels: 8,
      marks: { peer: 1 / 6, floor: 1.25 },
    })),
  ];
}

async function makeWorld(): Promise<World> {
  const now = new Date();
  const gateway = await internetGateway('gateway', validAround(now));
  const phone = await privateGateway('phone', gateway, validAround(now));
  const recipient = await endpoint('recipient', phone, validAround(now));
  return { gateway, phone, recipient, now };
}

/** Senders with keys of their own: made once, since making keys is slow. */
function authorisedNewcomer(world: World, index: number): Promise<Peer> {
  return authorisedSender(`newcomer-${index}`, world.recipient, validAround(world.now));
}

interface Scenario {
  readonly work: string;
  readonly octets: number;
  readonly parcels: number;
  readonly isNewEachTime?: boolean;
  readonly marks: Marks;
}

async function acceptFrom(
  world: World,
  senderOf: (index: number) => Peer | Promise<Peer>,
  scenario: Scenario,
): Promise<readonly Row[]> {
  const delivered: Delivered[] = [];
  for (let index = 0; index < scenario.parcels; index++) {
    const parcel = await messageFrom(await senderOf(index), {
      recipient: { id: world.recipient.nodeId },
      createdAt: new Date(world.now.getTime() - 60_000),
      payload: randomBytes(scenario.octets),
    });
    const header = await countersign(parcel, world.phone);
    delivered.push({ parcel, countersignature: parseCountersignature(header) ?? new Uint8Array() });
  }
  const rounds = await sideBySide({
    ours: oursOn(world, delivered, scenario.isNewEachTime ?? false),
    peer: peerOn(world.gateway.certificate, delivered),
    floor: floorOf(delivered.map(({ parcel }) => [parcel, parcel])),
  });
  return cpuRows(scenario.work, rounds, scenario.marks);
}

/** Where each sender is to be new, each round has a verifier that knows only the phone and the recipient. */
function oursOn(world: World, delivered: readonly Delivered[], isNewEachTime: boolean): Candidate {
  const anchors = [world.gateway.certificate];
  const at = world.now;
  let verifier = new MessageVerifier();
  const accept = ({ countersignature, parcel }: Delivered) => {
    verifier.verifyDetached(countersignature, parcel, 'parcel-delivery', { at, anchors });
    verifier.verifyParcel(verifier.read(parcel, 'parcel'), { at, anchors });
  };
  if (!isNewEachTime) {
    return candidate(delivered, accept);
  }
  const [first, ...others] = delivered;
  const prepare = () => {
    verifier = new MessageVerifier();
    if (first) {
      accept(first);
    }
  };
  return candidate(others, accept, { prepare });
}

const PEER_INPUTS = 40;

function peerOn(anchor: Certificate, delivered: readonly Delivered[]): Candidate {
  const trusted = [PeerCertificate.deserialize(arrayBuffer(anchor.der))];
  const verifier = new ParcelDeliveryVerifier(trusted);
  const inputs = delivered.slice(0, PEER_INPUTS).map((input) => ({
    parcel: arrayBuffer(input.parcel),
    countersignature: arrayBuffer(input.countersignature),
  }));
  return candidate(inputs, async ({ parcel, countersignature }) => {
    await verifier.verify(countersignature, parcel);
    const message = await Parcel.deserialize(parcel);
    await message.validate(trusted);
  });
}
