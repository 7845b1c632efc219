import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { authenticateCollector } from './collector-handshake.ts';

describe('the handshake of a collector', () => {
  it('is verified at the time at which the anchors are there', async (t) => {
    const clock = new ManualClock();
    const verifier = new MessageVerifier();
    const signer = { nodeId: '0a', notBefore: new Date(0), isOfEstablished: false };
    const verify = t.mock.method(verifier, 'verifyDetached', () => signer);
    const trustedCertificates = async (): Promise<[Certificate]> => {
      clock.advance(1_500);
      return [{} as Certificate];
    };
    const handshake = serialiseHandshakeResponse([Buffer.of(1)]);
    const parts = { identity: { trustedCertificates }, verifier, clock };
    const answer = { handshake, nonce: Buffer.of(2) };
    await authenticateCollector(answer, parts, new AbortController().signal);
    assert.deepEqual(verify.mock.calls[0]?.arguments[3]?.at, clock.now());
  });
});
