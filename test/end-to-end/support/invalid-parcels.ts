/** Well-formed parcels that must be refused, each for one reason, and parcels that are barely valid. */
import { identity, internetGateway, newIdentity } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, roadUnder, secondsFrom } from '#test/builders/road.ts';
import { withOctet } from './malformed-messages.ts';
import { type RefusedMessage, refused } from './refused-message.ts';

const DRIFT_SECONDS = 2 * 60 * 60;
const CA = { isCa: true, pathLength: 0 };

/** @returns parcels, by what is wrong with them */
export async function invalidParcels(road: Road): Promise<Record<string, RefusedMessage>> {
  return {
    ...badSignatures(road),
    ...badPaths(road),
    ...badTimes(road),
    ...(await strangers(road)),
  };
}

function badSignatures(road: Road): Record<string, RefusedMessage> {
  const { sender, recipient, phone } = road;
  const weak = newIdentity(1024);
  const weakSender = certified(road, weak, recipient);
  const weakRecipient = certified(road, weak, phone, CA);
  const sha1Sender = certified(road, sender, recipient, { hash: 'sha1' });
  const sha1Recipient = certified(road, recipient, phone, { ...CA, hash: 'sha1' });
  const valid = parcelOn(road, { payload: Buffer.from('payload') });
  const inPayload = Buffer.from(valid).indexOf('payload');
  const byAnother = { ...sender, privateKey: identity('someone').privateKey };
  return {
    'was changed after it was signed': refused(withOctet(valid, inPayload, 0x50), 'signature'),
    'is signed by another key than its certificate’s': refused(
      parcelOn(road, { sender: byAnother }),
      'signature',
    ),
    'is signed with SHA-1': refused(parcelOn(road, { hash: 'sha1' }), 'algorithm'),
    'is signed with an RSA key of 1024 bits': refused(
      parcelOn(road, { sender: weakSender }),
      'algorithm',
    ),
    'has a sender whose certificate is signed with SHA-1': refused(
      parcelOn(road, { sender: sha1Sender }),
      'algorithm',
    ),
    'has a recipient whose certificate is signed with SHA-1': refused(
      parcelOn(road, {
        sender: certified(road, sender, sha1Recipient),
      }),
      'algorithm',
    ),
    'has a recipient with an RSA key of 1024 bits': refused(
      parcelOn(road, {
        sender: certified(road, sender, weakRecipient),
        recipient: weak.nodeId,
      }),
      'algorithm',
    ),
  };
}

function badPaths(road: Road): Record<string, RefusedMessage> {
  const { sender, recipient, phone, us } = road;
  const unauthorised = certified(road, recipient, phone, { isCa: false });
  const notEvenPhone = certified(road, phone, us, { isCa: false });
  const between = certified(road, identity('between'), phone, CA);
  const longer = { isCa: true, pathLength: 5 };
  const generousPhone = certified(road, phone, us, longer);
  const generous = certified(road, identity('between'), generousPhone, longer);
  const viaGenerous = certified(road, recipient, generous, longer);
  const named = { ...CA, subjectName: identity('someone').nodeId };
  const other = identity('other');
  const looping = certified(road, recipient, { ...phone, ...other }, longer);
  const inCircles = certified(road, sender, looping);
  const loop = [inCircles, looping, certified(road, other, looping, longer)];
  return {
    'lacks a certificate on the way to the gateway': refused(
      parcelOn(road, {
        certificates: [sender.certificate, phone.certificate],
      }),
      'untrusted-path',
    ),
    'has a recipient that may not authorise': refused(
      parcelOn(road, {
        sender: certified(road, sender, unauthorised),
      }),
      'certificate',
    ),
    'has a phone that may not authorise': refused(
      parcelOn(road, {
        sender: certified(road, sender, certified(road, recipient, notEvenPhone, CA)),
      }),
      'certificate',
    ),
    'has a path that is longer than its authorities allow': refused(
      parcelOn(road, {
        sender: certified(road, sender, certified(road, recipient, between, CA)),
      }),
      'certificate',
    ),
    'has a path of five certificates': refused(
      parcelOn(road, {
        sender: certified(road, sender, viaGenerous),
      }),
      'untrusted-path',
    ),
    'has a path of three certificates': refused(
      parcelOn(road, {
        sender: certified(road, sender, phone),
        recipient: phone.nodeId,
      }),
      'untrusted-path',
    ),
    'has a path that goes round in circles': refused(
      parcelOn(road, {
        sender: inCircles,
        certificates: loop.map(({ certificate }) => certificate),
      }),
      'untrusted-path',
    ),
    'is for another recipient than the one that authorised its sender': refused(
      parcelOn(road, {
        recipient: identity('someone').nodeId,
      }),
      'wrong-recipient',
    ),
    'is for a recipient whose name the one that authorised its sender took': refused(
      parcelOn(road, {
        sender: certified(road, sender, certified(road, recipient, phone, named)),
        recipient: identity('someone').nodeId,
      }),
      'untrusted-path',
    ),
    'has a recipient id that is cut': refused(
      parcelOn(road, { recipient: recipient.nodeId.slice(0, -1) }),
      'wrong-recipient',
    ),
    'has a recipient id that is longer': refused(
      parcelOn(road, { recipient: `0${recipient.nodeId}` }),
      'wrong-recipient',
    ),
    'is by its recipient': refused(parcelOn(road, { sender: recipient }), 'wrong-recipient'),
  };
}

function badTimes(road: Road): Record<string, RefusedMessage> {
  const { sender, recipient, phone, us } = road;
  const expired = { notAfter: secondsFrom(road, -1) };
  const future = { notBefore: secondsFrom(road, DRIFT_SECONDS + 1) };
  const expiredPhone = certified(road, phone, us, { ...CA, pathLength: 1, ...expired });
  const expiredRecipient = certified(road, recipient, phone, { ...CA, ...expired });
  const futureRecipient = certified(road, recipient, phone, { ...CA, ...future });
  return {
    'has expired': refused(
      parcelOn(road, { createdAt: secondsFrom(road, -3601), ttlSeconds: 3600 }),
      'expired',
    ),
    'is dated over two hours ahead': refused(
      parcelOn(road, {
        createdAt: secondsFrom(road, DRIFT_SECONDS + 1),
      }),
      'not-yet-valid',
    ),
    'is dated long before its sender’s certificate': refused(
      parcelOn(road, {
        createdAt: secondsFrom(road, -100_000),
        ttlSeconds: 200_000,
      }),
      'certificate',
    ),
    'has a sender whose certificate has expired': refused(
      parcelOn(road, {
        sender: certified(road, sender, recipient, expired),
      }),
      'expired',
    ),
    'has a recipient whose certificate has expired': refused(
      parcelOn(road, {
        sender: certified(road, sender, expiredRecipient),
      }),
      'expired',
    ),
    'has a phone whose certificate has expired': refused(
      parcelOn(road, {
        sender: certified(road, sender, certified(road, recipient, expiredPhone, CA)),
      }),
      'expired',
    ),
    'has a sender whose certificate starts over two hours ahead': refused(
      parcelOn(road, {
        sender: certified(road, sender, recipient, future),
      }),
      'certificate',
    ),
    'has a recipient whose certificate starts over two hours ahead': refused(
      parcelOn(road, {
        sender: certified(road, sender, futureRecipient),
      }),
      'not-yet-valid',
    ),
  };
}

async function strangers(road: Road): Promise<Record<string, RefusedMessage>> {
  const elsewhere = await roadUnder(await internetGateway('elsewhere', road.validity), road.now);
  const impostor = await internetGateway('impostor', road.validity);
  const alike = certified(road, road.phone, road.us, {
    signedBy: impostor,
    isCa: true,
    pathLength: 1,
  });
  return {
    'comes by way of another gateway': refused(parcelOn(elsewhere), 'untrusted-path'),
    'brings a root of its own': refused(
      parcelOn(elsewhere, {
        certificates: [
          elsewhere.sender.certificate,
          ...elsewhere.sender.issuers,
          elsewhere.us.certificate,
        ],
      }),
      'untrusted-path',
    ),
    'has a phone whose certificate only names the gateway as its issuer': refused(
      parcelOn(road, {
        sender: certified(road, road.sender, certified(road, road.recipient, alike, CA)),
      }),
      'untrusted-path',
    ),
  };
}

/** @returns odd but valid parcels, by what is odd about them */
export function oddParcels(road: Road): Record<string, Uint8Array> {
  const { sender, recipient } = road;
  const future = { notBefore: secondsFrom(road, DRIFT_SECONDS) };
  return {
    'is dated two hours ahead': parcelOn(road, { createdAt: secondsFrom(road, DRIFT_SECONDS) }),
    'expires this very second': parcelOn(road, {
      createdAt: secondsFrom(road, -3600),
      ttlSeconds: 3600,
    }),
    'has a sender whose certificate starts two hours ahead': parcelOn(road, {
      sender: certified(road, sender, recipient, future),
    }),
    'is in the encoding of the JVM peers': parcelOn(road, {
      isIndefinite: true,
      segmentOctets: 1000,
      payload: new Uint8Array(5000),
    }),
    'is signed with SHA-512': parcelOn(road, { hash: 'sha512' }),
    'names our Internet address with a dot at its end': parcelOn(road, {
      internetAddress: 'Gateway.localhost.',
    }),
    'has no payload': parcelOn(road, { payload: new Uint8Array() }),
  };
}
