import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { craftCertificate, extension } from '#test/builders/crafted-certificates.ts';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { type Identity, identity } from '#test/builders/peers.ts';
import { oid } from '../der/oids.ts';
import { TAG } from '../der/reader.ts';
import { octetString } from '../der/writer.ts';
import { MAX_ATTACHED_CERTIFICATES } from '../limits.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('The authority of the certificates in between', () => {
  it('is refused without the CA flag', () => {
    const notCa = road.withCertificate(road.recipient, { isCa: false }, road.phone);

    refuses('certificate', () =>
      road.accept(road.parcel({ sender: road.withCertificate(road.sender, {}, notCa) })),
    );
  });

  it('is refused if the path is longer than an authority allows', () => {
    const strict = road.withCertificate(road.phone, { isCa: true, pathLength: 0 }, road.us);
    const below = road.withCertificate(road.recipient, { isCa: true }, strict);

    refuses('certificate', () =>
      road.accept(road.parcel({ sender: road.withCertificate(road.sender, {}, below) })),
    );
  });

  it('is refused if the path has more than four certificates, even if all allow it', () => {
    const unlimited = { isCa: true, pathLength: 9 };
    const first = road.withCertificate(road.phone, unlimited, road.us);
    const second = road.withCertificate({ ...road.phone, ...identity('middle') }, unlimited, first);
    const third = road.withCertificate(road.recipient, unlimited, second);
    const looseUs = craftCertificate({
      ...road.validity,
      ...unlimited,
      subject: road.us,
      issuer: road.us,
    });

    refuses('untrusted-path', () =>
      road.accept(road.parcel({ sender: road.withCertificate(road.sender, {}, third) }), {
        trusted: [looseUs],
      }),
    );
  });

  it('is refused if it goes round in a circle', () => {
    const unlimited = { ...road.validity, isCa: true, pathLength: 9 };
    const [one, two] = [identity('one'), identity('two')];
    const oneByTwo = craftCertificate({ ...unlimited, subject: one, issuer: two });
    const twoByOne = craftCertificate({ ...unlimited, subject: two, issuer: one });
    const leaf = craftCertificate({ ...road.validity, subject: road.sender, issuer: one });

    refuses('untrusted-path', () =>
      road.accept(
        road.parcel({
          sender: { ...road.sender, certificate: leaf, issuers: [oneByTwo, twoByOne] },
        }),
      ),
    );
  });

  it('is refused if the issuer goes by another name', () => {
    const stray = road.withCertificate(road.sender, { issuerName: 'someone else' }, road.recipient);

    refuses('untrusted-path', () => road.accept(road.parcel({ sender: stray })));
  });

  it('is looked for in bounded work among certificates that all claim to be the issuer', () => {
    const claim = {
      ...road.validity,
      isCa: true,
      pathLength: 9,
      issuerName: road.recipient.nodeId,
    };
    const claimant = (key: Identity, signedBy: Identity) =>
      craftCertificate({
        ...claim,
        subject: { ...key, nodeId: road.recipient.nodeId },
        issuer: road.recipient,
        signedBy,
      });
    const [stranger, other] = [identity('stranger'), identity('other')];
    const issuers = Array.from({ length: MAX_ATTACHED_CERTIFICATES - 1 }, (_, index) =>
      index === 0 ? claimant(road.recipient, stranger) : claimant(other, stranger),
    );

    assert.throws(() => road.accept(road.parcel({ sender: { ...road.sender, issuers } })), {
      code: 'untrusted-path',
      message: /too many signature checks/,
    });
  });

  it('is refused with a critical extension that we do not know', () => {
    const odd = extension(oid('1.2.3.4'), true, octetString());
    const oddRecipient = road.withCertificate(
      road.recipient,
      { isCa: true, moreExtensions: [odd] },
      road.phone,
    );
    const oddSender = road.withCertificate(road.sender, { moreExtensions: [odd] }, road.recipient);

    refuses('certificate', () => road.accept(road.parcel({ sender: oddSender })));
    refuses('certificate', () =>
      road.accept(road.parcel({ sender: road.withCertificate(road.sender, {}, oddRecipient) })),
    );
  });

  it('does not mind an unknown extension that is not critical', () => {
    const odd = extension(oid('1.2.3.4'), false, octetString());

    const path = road.accept(
      road.parcel({
        sender: road.withCertificate(road.sender, { moreExtensions: [odd] }, road.recipient),
      }),
    );

    assert.equal(path.length, 4);
  });

  it('does not depend on the string type of the names', () => {
    const utf8 = road.withCertificate(
      road.recipient,
      { isCa: true, nameTag: TAG.utf8String },
      road.phone,
    );
    const child = road.withCertificate(road.sender, { nameTag: TAG.printableString }, utf8);

    assert.equal(road.accept(road.parcel({ sender: child })).length, 4);
  });

  it('is that of the key, whatever the name says', () => {
    const attacker = identity('attacker');
    const liar = road.withCertificate(
      { ...road.recipient, ...attacker },
      { isCa: true, subjectName: road.recipient.nodeId },
      road.phone,
    );
    const child = road.withCertificate(road.sender, { issuerName: road.recipient.nodeId }, liar);

    refuses('wrong-recipient', () => road.accept(road.parcel({ sender: child })));
  });
});
