import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { craftSignedData } from '#test/builders/crafted-messages.ts';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { type Peer, signNonce } from '#test/builders/peers.ts';
import { OIDS } from './der/oids.ts';
import { encodeDer, implicit, sequence } from './der/writer.ts';
import { MalformedMessageError } from './errors.ts';
import { MessageVerifier } from './message-verifier.ts';

let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('A detached signature', () => {
  const nonce = Buffer.from('nonce');
  const verifier = new MessageVerifier();
  const trust = () => ({ at: road.now, anchors: road.anchors });
  const safePlaintext = () =>
    encodeDer(sequence(implicit(0, OIDS.collectionHandshake.content), implicit(1, nonce)));
  const craft = (signer: Peer, content: Uint8Array | null = null) =>
    craftSignedData({
      content,
      plaintext: safePlaintext(),
      signers: [signer],
      certificates: [signer.certificate],
    });
  const verify = (signature: Uint8Array, plaintext: Uint8Array = nonce) =>
    verifier.verifyDetached(signature, plaintext, 'collection-handshake', trust());

  it('is accepted from a private gateway that we registered', async () => {
    assert.equal(verify(await signNonce(nonce, road.phone)).nodeId, road.phone.nodeId);
  });

  it('is refused for another purpose', async () => {
    const signature = await signNonce(nonce, road.phone);

    refuses('signature', () =>
      verifier.verifyDetached(signature, nonce, 'parcel-delivery', trust()),
    );
  });

  it('is refused over something else', async () => {
    const signature = await signNonce(nonce, road.phone);

    refuses('signature', () => verify(signature, Buffer.from('other')));
  });

  it('is refused from a node that we did not issue the certificate to', () => {
    refuses('untrusted-path', () => verify(craft(road.recipient)));
  });

  it('is refused once the certificate of its signer has expired', () => {
    const signature = craft(
      road.withCertificate(road.phone, { notAfter: road.secondsFromNow(-1) }, road.us),
    );

    refuses('expired', () => verify(signature));
  });

  it('is malformed if it brings its own content', () => {
    assert.throws(() => verify(craft(road.phone, safePlaintext())), MalformedMessageError);
  });

  it('is malformed if it is anything else', () => {
    assert.throws(() => verify(new Uint8Array()), MalformedMessageError);
    assert.throws(() => verify(Buffer.from('Awala')), MalformedMessageError);
    assert.throws(() => verify(road.parcel()), MalformedMessageError);
  });
});
