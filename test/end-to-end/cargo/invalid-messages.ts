/** Cargoes and CCAs that must be refused, each for one reason, and those that are only just good. */
import { identity, internetGateway, newIdentity, type Peer } from '#test/builders/peers.ts';
import { certified, roadUnder, secondsFrom } from '#test/builders/road.ts';
import { malformedMessages, withOctet } from '../support/malformed-messages.ts';
import { type RefusedMessage, refused } from '../support/refused-message.ts';
import type { CargoMessageKind, CourieredGateway } from './couriered-gateway.ts';

const DRIFT_SECONDS = 2 * 60 * 60;
const CA = { isCa: true, pathLength: 1 };

/** @returns messages that are not what they claim to be, by what is wrong with them */
export function damagedMessages(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Record<string, RefusedMessage> {
  const malformed = Object.entries(malformedMessages(couriered.message(kind)));
  return Object.fromEntries(
    malformed.map(([what, octets]) => [what, refused(octets, 'malformed')]),
  );
}

/** @returns the messages, by why they are refused */
export async function invalidMessages(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Promise<Record<string, RefusedMessage>> {
  return {
    ...badSignatures(couriered, kind),
    ...badPaths(couriered, kind),
    ...badTimes(couriered, kind),
    ...(await strangers(couriered, kind)),
  };
}

function badSignatures(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Record<string, RefusedMessage> {
  const { road } = couriered;
  const { phone, us } = road;
  const valid = couriered.craft(kind);
  const byAnother = { ...phone, privateKey: identity('someone').privateKey };
  const weak = certified(road, newIdentity(1024), us, CA);
  const sha1 = certified(road, phone, us, { ...CA, hash: 'sha1' });
  const from = (sender: Peer) => couriered.craft(kind, { sender });
  return {
    'was changed after it was signed': refused(
      Buffer.from(withOctet(valid, valid.length - 1, (valid.at(-1) ?? 0) ^ 1)),
      'signature',
    ),
    'is signed by another key than its certificate’s': refused(from(byAnother), 'signature'),
    'is signed with SHA-1': refused(couriered.craft(kind, { hash: 'sha1' }), 'algorithm'),
    'is signed with an RSA key of 1024 bits': refused(from(weak), 'algorithm'),
    'has a sender whose certificate is signed with SHA-1': refused(from(sha1), 'algorithm'),
  };
}

function badPaths(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Record<string, RefusedMessage> {
  const { road } = couriered;
  const { phone, recipient, us } = road;
  const notEvenCa = certified(road, phone, us, { isCa: false });
  const behindNoCa = certified(road, identity('behind'), notEvenCa, CA);
  const behind = certified(road, identity('behind'), phone, CA);
  const looping = certified(road, phone, { ...phone, ...identity('behind') }, CA);
  const loop = [looping, certified(road, identity('behind'), looping, CA)];
  const inCircles = {
    sender: looping,
    certificates: loop.map(({ certificate }) => certificate),
  };
  return {
    'is from an endpoint behind a phone': untrusted(couriered.craft(kind, { sender: recipient })),
    'is from a gateway behind a phone': untrusted(couriered.craft(kind, { sender: behind })),
    'is from a gateway behind one that may not issue': untrusted(
      couriered.craft(kind, { sender: behindNoCa }),
    ),
    'has a path that goes round in circles': untrusted(couriered.craft(kind, inCircles)),
    'is for another gateway': refused(
      couriered.craft(kind, { recipient: identity('someone').nodeId }),
      'wrong-recipient',
    ),
    'is for its sender': refused(
      couriered.craft(kind, { recipient: phone.nodeId }),
      'wrong-recipient',
    ),
  };
}

function badTimes(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Record<string, RefusedMessage> {
  const { road } = couriered;
  const { phone, us } = road;
  const expired = certified(road, phone, us, { ...CA, notAfter: secondsFrom(road, -1) });
  const future = certified(road, phone, us, {
    ...CA,
    notBefore: secondsFrom(road, DRIFT_SECONDS + 1),
  });
  return {
    'has expired': refused(
      couriered.craft(kind, { createdAt: secondsFrom(road, -3601), ttlSeconds: 3600 }),
      'expired',
    ),
    'is dated over two hours ahead': refused(
      couriered.craft(kind, { createdAt: secondsFrom(road, DRIFT_SECONDS + 1) }),
      'not-yet-valid',
    ),
    'is dated long before its sender’s certificate': refused(
      couriered.craft(kind, { createdAt: secondsFrom(road, -100_000), ttlSeconds: 200_000 }),
      'certificate',
    ),
    'has a sender whose certificate has expired': refused(
      couriered.craft(kind, { sender: expired }),
      'expired',
    ),
    'has a sender whose certificate starts over two hours ahead': refused(
      couriered.craft(kind, { sender: future }),
      'certificate',
    ),
  };
}

async function strangers(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Promise<Record<string, RefusedMessage>> {
  const { road } = couriered;
  const { phone, us, validity } = road;
  const elsewhere = await roadUnder(await internetGateway('elsewhere', validity), road.now);
  const impostor = await internetGateway('impostor', validity);
  const alike = certified(road, phone, us, { ...CA, signedBy: impostor });
  return {
    'is from a phone of another gateway': untrusted(
      couriered.craft(kind, { sender: elsewhere.phone }),
    ),
    'brings a root of its own': untrusted(
      couriered.craft(kind, {
        sender: elsewhere.phone,
        certificates: [elsewhere.phone.certificate, elsewhere.us.certificate],
      }),
    ),
    'is from a phone that was never registered': untrusted(
      couriered.craft(kind, { sender: await internetGateway('phone', validity) }),
    ),
    'is from a phone whose certificate only names the gateway as its issuer': untrusted(
      couriered.craft(kind, { sender: alike }),
    ),
  };
}

/** @returns messages that are accepted though they are odd, by what is odd about them */
export function oddMessages(
  couriered: CourieredGateway,
  kind: CargoMessageKind,
): Record<string, Buffer> {
  const { road } = couriered;
  const startsLater = certified(road, road.phone, road.us, {
    ...CA,
    notBefore: secondsFrom(road, DRIFT_SECONDS),
  });
  return {
    'is dated two hours ahead': couriered.craft(kind, {
      createdAt: secondsFrom(road, DRIFT_SECONDS),
    }),
    'expires within a second': couriered.craft(kind, {
      createdAt: secondsFrom(road, -3599),
      ttlSeconds: 3600,
    }),
    'has a sender whose certificate starts two hours ahead': couriered.craft(kind, {
      sender: startsLater,
    }),
    'is in the encoding of the JVM peers': couriered.craft(kind, {
      isIndefinite: true,
      segmentOctets: 1000,
    }),
    'is signed with SHA-512': couriered.craft(kind, { hash: 'sha512' }),
    'names our id and another Internet address': couriered.craft(kind, {
      internetAddress: 'elsewhere.test',
    }),
    'names our Internet address with a dot at its end': couriered.craft(kind, {
      internetAddress: 'gateway.localhost.',
    }),
  };
}

function untrusted(octets: Buffer): RefusedMessage {
  return refused(octets, 'untrusted-path');
}
