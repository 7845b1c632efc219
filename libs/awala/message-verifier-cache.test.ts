import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { identity, internetGateway } from '#test/builders/peers.ts';
import { MessageVerifier } from './message-verifier.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('The certificates that a verifier keeps', () => {
  it('are those of accepted paths, without the anchor', () => {
    const verifier = new MessageVerifier();

    road.accept(road.parcel(), { verifier });
    road.accept(road.parcel(), { verifier });

    assert.equal(verifier.cachedCertificates, 3);
  });

  it('are none of a parcel that is refused', () => {
    const verifier = new MessageVerifier();
    const thief = { ...road.sender, privateKey: identity('thief').privateKey };

    refuses('signature', () => road.accept(road.parcel({ sender: thief }), { verifier }));

    assert.equal(verifier.cachedCertificates, 0);
  });

  it('never exceed the number given', () => {
    const verifier = new MessageVerifier({ maxCachedCertificates: 6 });

    for (let count = 0; count < 20; count++) {
      road.accept(road.parcel({ sender: road.withCertificate(road.sender, {}, road.recipient) }), {
        verifier,
      });
      assert.ok(verifier.cachedCertificates <= 6);
    }
  });

  it('are forgotten and refused once they have expired', () => {
    const verifier = new MessageVerifier();
    const octets = road.parcel({
      sender: road.withCertificate(
        road.sender,
        { notAfter: road.secondsFromNow(60) },
        road.recipient,
      ),
    });
    road.accept(octets, { verifier });
    assert.equal(verifier.cachedCertificates, 3);

    refuses('expired', () => road.accept(octets, { verifier, at: road.secondsFromNow(61) }));

    assert.equal(verifier.cachedCertificates, 2);
  });

  it('do not vouch for a certificate of the same name that another key signed', () => {
    const verifier = new MessageVerifier();
    road.accept(road.parcel(), { verifier });
    const impostor = road.withCertificate(
      road.sender,
      { signedBy: identity('thief') },
      road.recipient,
    );

    refuses('untrusted-path', () => road.accept(road.parcel({ sender: impostor }), { verifier }));
  });

  it('do not make up for an anchor that is no longer trusted', async () => {
    const verifier = new MessageVerifier();
    road.accept(road.parcel(), { verifier });
    const other = await internetGateway('other gateway', road.validity);

    refuses('untrusted-path', () =>
      road.accept(road.parcel(), { verifier, trusted: [other.certificate] }),
    );
  });
});
