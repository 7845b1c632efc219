import { randomBytes } from 'node:crypto';
import {
  HandshakeResponse,
  ParcelCollectionHandshakeVerifier,
  Certificate as PeerCertificate,
} from '@relaycorp/relaynet-core';
import { parseHandshakeResponse, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { internetGateway, privateGateway, signNonce, validAround } from '#test/builders/peers.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import { floorOf } from '../floor.ts';
import { candidate, cpuRows, sideBySide } from '../measure.ts';
import type { Row } from '../rows/row.ts';

const HANDSHAKES = 500;
const PEER_INPUTS = 100;

/** Verifying a collector's answer to the challenge: parse, one signature, a path of two. */
export async function run(): Promise<readonly Row[]> {
  const now = new Date();
  const gateway = await internetGateway('gateway', validAround(now));
  const phone = await privateGateway('phone', gateway, validAround(now));
  const inputs: { nonce: Uint8Array; response: Uint8Array }[] = [];
  for (let index = 0; index < HANDSHAKES; index++) {
    const nonce = randomBytes(32);
    const response = serialiseHandshakeResponse([await signNonce(nonce, phone)]);
    inputs.push({ nonce, response });
  }

  const verifier = new MessageVerifier();
  const options = { at: now, anchors: [gateway.certificate] };
  const oursOn = candidate(inputs, ({ nonce, response }) => {
    for (const signature of parseHandshakeResponse(response)) {
      verifier.verifyDetached(signature, nonce, 'collection-handshake', options);
    }
  });

  const trusted = PeerCertificate.deserialize(arrayBuffer(gateway.certificate.der));
  const peerVerifier = new ParcelCollectionHandshakeVerifier([trusted]);
  const peerOn = candidate(inputs.slice(0, PEER_INPUTS), async ({ nonce, response }) => {
    const { nonceSignatures } = HandshakeResponse.deserialize(arrayBuffer(response));
    for (const signature of nonceSignatures) {
      await peerVerifier.verify(signature, arrayBuffer(nonce));
    }
  });

  const floorOn = floorOf(inputs.map(({ nonce }) => [nonce]));
  const rounds = await sideBySide({ ours: oursOn, peer: peerOn, floor: floorOn });
  return cpuRows('verify a collection handshake', rounds, { peer: 1 / 80, floor: null });
}
