import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { craftCertificate } from '#test/builders/crafted-certificates.ts';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { identity, internetGateway, newIdentity, type Peer } from '#test/builders/peers.ts';
import { MessageVerifier } from './message-verifier.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('A parcel for a private endpoint', () => {
  it('is accepted with the path from its sender to us', () => {
    const path = road.accept(road.parcel());

    assert.deepEqual(
      path.map(({ nodeId }) => nodeId),
      [road.sender.nodeId, road.recipient.nodeId, road.phone.nodeId, road.us.nodeId],
    );
  });

  it('is accepted whatever the order of the certificates, and with ours attached as well', () => {
    const certificates = [road.phone, road.us, road.sender, road.recipient].map(
      ({ certificate }) => certificate,
    );

    assert.equal(road.accept(road.parcel({ certificates })).length, 4);
  });

  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    it(`is accepted if signed with ${hash}`, () => {
      assert.equal(road.accept(road.parcel({ hash })).length, 4);
    });
  }

  it('is accepted if the sender has a larger RSA key', () => {
    const big = newIdentity(3072);
    const bigSender = road.withCertificate(big, {}, road.recipient);

    assert.equal(road.accept(road.parcel({ sender: bigSender }))[0]?.nodeId, big.nodeId);
  });

  it('is accepted as the JVM peers encode it, with indefinite lengths and short segments', () => {
    const octets = road.parcel({
      isIndefinite: true,
      segmentOctets: 1000,
      payload: Buffer.alloc(5000),
    });

    assert.equal(road.accept(octets).length, 4);
  });

  it('is accepted if its authorisation meets a renewed certificate of its issuer', () => {
    const renewed = road.withCertificate(
      road.recipient,
      { isCa: true, notBefore: road.secondsFromNow(-60), notAfter: road.secondsFromNow(600) },
      road.phone,
    );
    const certificates = [road.sender, renewed, road.phone].map(({ certificate }) => certificate);

    assert.equal(road.accept(road.parcel({ certificates })).length, 4);
  });

  it('is refused if it is for another endpoint than the one that issued the authorisation', () => {
    refuses('wrong-recipient', () => road.accept(road.parcel({ recipient: road.phone.nodeId })));
  });

  it('is refused if the recipient is given in another form than its node id', () => {
    refuses('wrong-recipient', () =>
      road.accept(road.parcel({ recipient: `0${road.recipient.nodeId}` })),
    );
  });

  it('is refused if a private gateway itself is the recipient', () => {
    const courier = road.withCertificate(road.sender, {}, road.phone);

    refuses('untrusted-path', () =>
      road.accept(road.parcel({ sender: courier, recipient: road.phone.nodeId })),
    );
  });

  it("is refused if the path leads to another gateway's root", async () => {
    const other = await internetGateway('other gateway', road.validity);

    refuses('untrusted-path', () => road.accept(road.parcel(), { trusted: [other.certificate] }));
  });

  it('is refused if the certificates in between are missing', () => {
    refuses('untrusted-path', () =>
      road.accept(road.parcel({ certificates: [road.sender.certificate] })),
    );
  });

  it('is refused if the sender issued its authorisation itself', () => {
    const impostor = road.withCertificate(road.sender, { signedBy: road.sender }, road.recipient);

    refuses('untrusted-path', () => road.accept(road.parcel({ sender: impostor })));
  });

  it('is refused if signed by another key than that of the certificate', () => {
    const thief = { ...road.sender, privateKey: identity('thief').privateKey };

    refuses('signature', () => road.accept(road.parcel({ sender: thief })));
  });

  it('is refused if its content was changed', () => {
    const octets = road.parcel({ payload: Buffer.from('to be changed') });
    const offset = Buffer.from(octets).indexOf('to be changed');
    octets[offset] = 0;

    refuses('signature', () => road.accept(octets));
  });
});

describe('A parcel for the Internet', () => {
  it('is accepted from a sender that issued its certificate itself', () => {
    const self = identity('app');
    const certificate = craftCertificate({
      ...road.validity,
      isCa: true,
      subject: self,
      issuer: self,
    });
    const octets = road.parcel({
      sender: { ...self, certificate, issuers: [] },
      internetAddress: 'app.example.com',
    });
    const verifier = new MessageVerifier();
    const message = verifier.read(octets, 'parcel');

    verifier.verify(message, { at: road.now });
    assert.equal(message.recipient.internetAddress, 'app.example.com');
    refuses('expired', () => verifier.verify(message, { at: road.secondsFromNow(4000) }));
    assert.equal(verifier.cachedCertificates, 0);
  });

  it('is refused if the certificate of its sender has expired', () => {
    const old = road.withCertificate(
      road.sender,
      { notAfter: road.secondsFromNow(-1) },
      road.recipient,
    );
    const verifier = new MessageVerifier();

    refuses('expired', () =>
      verifier.verify(verifier.read(road.parcel({ sender: old }), 'parcel'), { at: road.now }),
    );
  });

  it('is refused if its signature is bad', () => {
    const thief = { ...road.sender, privateKey: identity('thief').privateKey };
    const verifier = new MessageVerifier();

    refuses('signature', () =>
      verifier.verify(verifier.read(road.parcel({ sender: thief }), 'parcel'), { at: road.now }),
    );
  });
});

describe('A cargo from a private gateway', () => {
  const CARGO_OCTET = 0x43;
  const verifier = new MessageVerifier();
  const read = (from: Peer, to: Peer = road.us) =>
    verifier.read(
      road.parcel({ typeOctet: CARGO_OCTET, sender: from, recipient: to.nodeId }),
      'cargo',
    );
  const verify = (from: Peer, to?: Peer) =>
    verifier.verifyFromPrivateGateway(read(from, to), { at: road.now, anchors: road.anchors });

  it('is accepted under the certificate that we issued', () => {
    verify(road.phone);

    assert.equal(
      verifier.verifyAuthorised(read(road.phone), { at: road.now, anchors: road.anchors }).length,
      2,
    );
  });

  it('is refused if the gateway issued the certificate to itself', () => {
    const self = road.withCertificate(road.phone, { isCa: true }, road.phone);

    refuses('untrusted-path', () => verify(self));
  });

  it('is refused if it is for another gateway', () => {
    refuses('wrong-recipient', () => verify(road.phone, road.recipient));
  });

  it('is refused from a node further down the path', () => {
    refuses('untrusted-path', () => verify(road.recipient));
  });

  it('is refused under a certificate that only claims to be self-issued', () => {
    const forged = road.withCertificate(
      road.phone,
      { isCa: true, signedBy: identity('thief') },
      road.phone,
    );

    refuses('untrusted-path', () => verify(forged));
  });
});
