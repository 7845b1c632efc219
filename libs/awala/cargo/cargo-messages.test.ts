import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { internetGateway, type Peer, validAround } from '#test/builders/peers.ts';
import { encodeDer } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import { certificationPathDer } from '../x509/certification-path-der.ts';
import {
  ccaAuthorization,
  parseCcaAuthorization,
  parseCollectionRequest,
  serialiseCollectionRequest,
} from './cca.ts';
import { parsePca, serialisePca } from './pca.ts';
import { parseRotation, serialiseRotation } from './rotation.ts';

const FORMAT_OCTETS = 7;

describe('messages in cargo', () => {
  let gateway: Peer;

  before(async () => {
    gateway = await internetGateway('gateway', validAround(new Date('2026-01-01T00:00:00Z')));
  });

  describe('parcel collection acknowledgement', () => {
    const pca = { senderId: '0a', recipientId: '0b', parcelId: 'parcel' };

    it('comes back as it was written', () => {
      assert.deepEqual(parsePca(serialisePca(pca)), pca);
    });

    it('is refused when damaged', () => {
      assertRefusesDamage(serialisePca(pca), parsePca, FORMAT_OCTETS);
    });

    it('is refused if an id is longer than those of parcels', () => {
      const tooLong = [
        { ...pca, senderId: 'a'.repeat(1_025) },
        { ...pca, recipientId: 'a'.repeat(1_025) },
        { ...pca, parcelId: 'a'.repeat(65) },
      ];
      for (const each of tooLong) {
        assert.throws(() => parsePca(serialisePca(each)), MalformedMessageError);
      }
    });
  });

  describe('certificate rotation', () => {
    for (const form of ['octet-strings', 'certificates'] as const) {
      it(`is read in the form of ${form}, and refused when damaged`, () => {
        const path = { leaf: gateway.certificate, authorities: [gateway.certificate] };
        const octets = serialiseRotation(path, form);
        const { leaf, authorities } = parseRotation(octets);
        assert.ok(leaf.equals(gateway.certificate));
        assert.deepEqual(
          authorities.map(({ der }) => der),
          [gateway.certificate.der],
        );
        assertRefusesDamage(octets, parseRotation, FORMAT_OCTETS);
      });
    }

    it('is refused with more than ten authorities', () => {
      const authorities = new Array(11).fill(gateway.certificate);
      const octets = serialiseRotation({ leaf: gateway.certificate, authorities });
      assert.throws(() => parseRotation(octets), MalformedMessageError);
    });

    it('is refused without its format signature', () => {
      const path = certificationPathDer({ leaf: gateway.certificate, authorities: [] });
      assert.throws(() => parseRotation(encodeDer(path)), MalformedMessageError);
    });
  });

  describe('cargo collection', () => {
    it('request is refused when damaged', () => {
      const request = serialiseCollectionRequest(gateway.certificate);
      assertRefusesDamage(request, parseCollectionRequest);
    });

    it('authorisation is read under both names, and no other', () => {
      const cca = Buffer.from('signature');
      assert.deepEqual(parseCcaAuthorization(ccaAuthorization(cca)), cca);
      assert.deepEqual(parseCcaAuthorization('Awala-CCA c2lnbmF0dXJl'), cca);
      assert.equal(parseCcaAuthorization('Bearer c2lnbmF0dXJl'), null);
      assert.equal(parseCcaAuthorization(undefined), null);
    });
  });
});
