/** Parcels that are well-formed but must be refused, each for one reason, and those that are only just good. */
import { identity, internetGateway, newIdentity } from '#test/builders/peers.ts';
import { withOctet } from './malformed-messages.ts';
import { certified, parcelOn, type Road, roadUnder, secondsFrom } from './road.ts';

const DRIFT_SECONDS = 2 * 60 * 60;
const CA = { isCa: true, pathLength: 0 };

/** @returns the octets, by why they are refused */
export async function invalidParcels(road: Road): Promise<Record<string, Uint8Array>> {
  return {
    ...badSignatures(road),
    ...badPaths(road),
    ...badTimes(road),
    ...(await strangers(road)),
  };
}

function badSignatures(road: Road): Record<string, Uint8Array> {
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
    'was changed after it was signed': withOctet(valid, inPayload, 0x50),
    'is signed by another key than its certificate’s': parcelOn(road, { sender: byAnother }),
    'is signed with SHA-1': parcelOn(road, { hash: 'sha1' }),
    'is signed with an RSA key of 1024 bits': parcelOn(road, { sender: weakSender }),
    'has a sender whose certificate is signed with SHA-1': parcelOn(road, { sender: sha1Sender }),
    'has a recipient whose certificate is signed with SHA-1': parcelOn(road, {
      sender: certified(road, sender, sha1Recipient),
    }),
    'has a recipient with an RSA key of 1024 bits': parcelOn(road, {
      sender: certified(road, sender, weakRecipient),
      recipient: weak.nodeId,
    }),
  };
}

function badPaths(road: Road): Record<string, Uint8Array> {
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
    'lacks a certificate on the way to the gateway': parcelOn(road, {
      certificates: [sender.certificate, phone.certificate],
    }),
    'has a recipient that may not authorise': parcelOn(road, {
      sender: certified(road, sender, unauthorised),
    }),
    'has a phone that may not authorise': parcelOn(road, {
      sender: certified(road, sender, certified(road, recipient, notEvenPhone, CA)),
    }),
    'has a path that is longer than its authorities allow': parcelOn(road, {
      sender: certified(road, sender, certified(road, recipient, between, CA)),
    }),
    'has a path of five certificates': parcelOn(road, {
      sender: certified(road, sender, viaGenerous),
    }),
    'has a path of three certificates': parcelOn(road, {
      sender: certified(road, sender, phone),
      recipient: phone.nodeId,
    }),
    'has a path that goes round in circles': parcelOn(road, {
      sender: inCircles,
      certificates: loop.map(({ certificate }) => certificate),
    }),
    'is for another recipient than the one that authorised its sender': parcelOn(road, {
      recipient: identity('someone').nodeId,
    }),
    'is for a recipient whose name the one that authorised its sender took': parcelOn(road, {
      sender: certified(road, sender, certified(road, recipient, phone, named)),
      recipient: identity('someone').nodeId,
    }),
    'has a recipient id that is cut': parcelOn(road, { recipient: recipient.nodeId.slice(0, -1) }),
    'has a recipient id that is longer': parcelOn(road, { recipient: `0${recipient.nodeId}` }),
    'is by its recipient': parcelOn(road, { sender: recipient }),
  };
}

function badTimes(road: Road): Record<string, Uint8Array> {
  const { sender, recipient, phone, us } = road;
  const expired = { notAfter: secondsFrom(road, -1) };
  const future = { notBefore: secondsFrom(road, DRIFT_SECONDS + 1) };
  const expiredPhone = certified(road, phone, us, { ...CA, pathLength: 1, ...expired });
  const expiredRecipient = certified(road, recipient, phone, { ...CA, ...expired });
  const futureRecipient = certified(road, recipient, phone, { ...CA, ...future });
  return {
    'has expired': parcelOn(road, { createdAt: secondsFrom(road, -3601), ttlSeconds: 3600 }),
    'is dated over two hours ahead': parcelOn(road, {
      createdAt: secondsFrom(road, DRIFT_SECONDS + 1),
    }),
    'is dated long before its sender’s certificate': parcelOn(road, {
      createdAt: secondsFrom(road, -100_000),
      ttlSeconds: 200_000,
    }),
    'has a sender whose certificate has expired': parcelOn(road, {
      sender: certified(road, sender, recipient, expired),
    }),
    'has a recipient whose certificate has expired': parcelOn(road, {
      sender: certified(road, sender, expiredRecipient),
    }),
    'has a phone whose certificate has expired': parcelOn(road, {
      sender: certified(road, sender, certified(road, recipient, expiredPhone, CA)),
    }),
    'has a sender whose certificate starts over two hours ahead': parcelOn(road, {
      sender: certified(road, sender, recipient, future),
    }),
    'has a recipient whose certificate starts over two hours ahead': parcelOn(road, {
      sender: certified(road, sender, futureRecipient),
    }),
  };
}

async function strangers(road: Road): Promise<Record<string, Uint8Array>> {
  const elsewhere = await roadUnder(await internetGateway('elsewhere', road.validity), road.now);
  const impostor = await internetGateway('impostor', road.validity);
  const alike = certified(road, road.phone, road.us, {
    signedBy: impostor,
    isCa: true,
    pathLength: 1,
  });
  return {
    'comes by way of another gateway': parcelOn(elsewhere),
    'brings a root of its own': parcelOn(elsewhere, {
      certificates: [
        elsewhere.sender.certificate,
        ...elsewhere.sender.issuers,
        elsewhere.us.certificate,
      ],
    }),
    'has a phone whose certificate only names the gateway as its issuer': parcelOn(road, {
      sender: certified(road, road.sender, certified(road, road.recipient, alike, CA)),
    }),
  };
}

/** @returns parcels that are accepted though they are odd, by what is odd about them */
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
    'has no payload': parcelOn(road, { payload: new Uint8Array() }),
  };
}
