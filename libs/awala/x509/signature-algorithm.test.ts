import { before, describe, it } from 'node:test';
import { hashAlgorithm } from '#test/builders/crafted-certificates.ts';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { newIdentity } from '#test/builders/peers.ts';
import { OIDS, oid } from '../der/oids.ts';
import {
  constructed,
  type DerPart,
  integer,
  NULL,
  objectIdentifier,
  sequence,
} from '../der/writer.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('The algorithms of a parcel', () => {
  it('are refused if the parcel is signed with SHA-1', () => {
    refuses('algorithm', () => road.accept(road.parcel({ hash: 'sha1' })));
  });

  it('are refused if the certificate of its sender is signed with SHA-1', () => {
    const weak = road.withCertificate(road.sender, { hash: 'sha1' }, road.recipient);

    refuses('algorithm', () => road.accept(road.parcel({ sender: weak })));
  });

  it('are refused if the sender has an RSA key of 1 024 bits', () => {
    const weak = road.withCertificate({ ...road.sender, ...newIdentity(1024) }, {}, road.recipient);

    refuses('algorithm', () => road.accept(road.parcel({ sender: weak })));
  });

  it('are refused if the sender has a key whose exponent makes verification slow', () => {
    const slow = road.withCertificate(
      { ...road.sender, ...newIdentity(2_048, 131_071) },
      {},
      road.recipient,
    );
    refuses('algorithm', () => road.accept(road.parcel({ sender: slow })));

    const quick = { ...road.sender, ...newIdentity(2_048, 3) };
    road.accept(road.parcel({ sender: road.withCertificate(quick, {}, road.recipient) }));
  });

  it('are refused if the signer uses another hash than announced', () => {
    const digestAlgorithms = [hashAlgorithm('sha512')];

    refuses('algorithm', () => road.accept(road.parcel({ digestAlgorithms })));
  });

  it('are refused if the parameters of RSA-PSS do not go with the hash', () => {
    const refusesParameters = (...parameters: DerPart[]) => {
      const signatureAlgorithm = sequence(objectIdentifier(OIDS.rsaPss), sequence(...parameters));
      refuses('algorithm', () => road.accept(road.parcel({ signatureAlgorithm })));
    };
    const hash = constructed(0, hashAlgorithm('sha256'));
    const mask = (name: 'sha256' | 'sha512') =>
      constructed(1, sequence(objectIdentifier(OIDS.mgf1), hashAlgorithm(name)));
    const salt = constructed(2, integer(32));

    refusesParameters(hash, mask('sha512'), salt);
    refusesParameters(hash, mask('sha256'), constructed(2, integer(20)));
    refusesParameters(hash, mask('sha256'), salt, constructed(3, integer(2)));
    refusesParameters(hash, mask('sha256'));
    refusesParameters();
  });

  it('are refused if the parcel is signed with RSA PKCS #1 v1.5', () => {
    const signatureAlgorithm = sequence(objectIdentifier(oid('1.2.840.113549.1.1.11')), NULL);

    refuses('algorithm', () => road.accept(road.parcel({ signatureAlgorithm })));
  });
});
