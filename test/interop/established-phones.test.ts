import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Certificate as PeerCertificate, PrivateNodeRegistration } from '@relaycorp/relaynet-core';
import { serialiseRegistration } from '#awala/registration/registration.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { identity, internetGateway, validAround } from '#test/builders/peers.ts';
import { arrayBuffer, peerCertificate } from '#test/peers/js/values.ts';

describe('The certificate of an established phone', () => {
  it('is one like any other to the peer library', async () => {
    const validity = validAround(new Date());
    const gateway = await internetGateway('gateway', validity);
    const certificate = await issueGatewayCertificate({
      ...validity,
      subjectKey: identity('phone').spki,
      issuer: gateway.certificate,
      issuerKey: gateway.spki,
      sign: gateway.sign,
      isOfEstablished: true,
    });
    const octets = serialiseRegistration({
      peerCertificate: certificate,
      gatewayCertificate: gateway.certificate,
      internetAddress: 'gateway.example',
      sessionKey: null,
    });

    const read = await PrivateNodeRegistration.deserialize(arrayBuffer(octets));

    read.privateNodeCertificate.validate();
    const path = await read.privateNodeCertificate.getCertificationPath(
      [],
      [peerCertificate(gateway.certificate)],
    );
    assert.equal(path.length, 2);
    assert.deepEqual(
      Buffer.from(read.privateNodeCertificate.serialize()),
      Buffer.from(certificate.der),
    );
    assert.ok(
      PeerCertificate.deserialize(arrayBuffer(certificate.der)).isEqual(
        read.privateNodeCertificate,
      ),
    );
  });
});
