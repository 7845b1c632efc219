import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { craftCertificate } from '#test/builders/crafted-certificates.ts';
import { newIdentity, validAround } from '#test/builders/peers.ts';
import { MAX_CERTIFICATE_OCTETS } from '../limits.ts';
import { generateSessionKey, type SessionCurve } from '../sessions/session-key.ts';
import { CargoBatch } from './message-set.ts';
import { maxPlaintextOctets, packCargo } from './pack-cargo.ts';

const MAX_OCTETS = 4_194_304;
const now = new Date('2026-01-01T00:00:00Z');

/** A gateway's authorization to send cargo, of a phone whose name makes it so large. */
function authorization(gateway = newIdentity(4_096), octets = MAX_CERTIFICATE_OCTETS) {
  const template = { ...validAround(now), subject: gateway, issuer: newIdentity(4_096) };
  const named = (letters: number) =>
    craftCertificate({ ...template, issuerName: 'i'.repeat(letters), nameTag: 0x0c });
  const missing = octets - named(1_000).der.length;
  return { gateway, certificate: named(1_000 + missing) };
}

async function fullCargo(
  parts: ReturnType<typeof authorization>,
  curve: SessionCurve,
  recipientKeyIdOctets: number,
): Promise<Uint8Array> {
  const { gateway, certificate } = parts;
  const attached = authorization(newIdentity(4_096)).certificate;
  const fields = {
    recipient: { id: gateway.nodeId },
    id: '01234567-0123-0123-0123-0123456789ab',
    createdAt: now,
    ttlSeconds: 15_552_000,
    sender: certificate,
    attachedCertificates: [attached],
    sign: gateway.sign,
  };
  const maxOctets = maxPlaintextOctets(MAX_OCTETS, fields);
  const batch = new CargoBatch(maxOctets);
  assert.ok(batch.add(new Uint8Array(maxOctets - 10), now));
  assert.equal(batch.octets, maxOctets);
  const id = new Uint8Array(recipientKeyIdOctets);
  const encryption = {
    recipientKey: { ...generateSessionKey(curve), id },
    senderKey: generateSessionKey(curve),
  };
  return packCargo({ ...fields, messages: batch.messages, encryption });
}

describe('the plaintext that makes a cargo of a given size', () => {
  it('fills it to the last block of the cipher, with the largest certificates, keys and ids', async () => {
    const { length } = await fullCargo(authorization(), 'secp521r1', 64);
    assert.ok(length <= MAX_OCTETS);
    assert.ok(length > MAX_OCTETS - 16);
  });

  it('leaves what shorter session keys do not need', async () => {
    const { length } = await fullCargo(authorization(newIdentity(), 2_000), 'prime256v1', 8);
    assert.ok(length <= MAX_OCTETS - 126 + 16);
    assert.ok(length > MAX_OCTETS - 126 - 16);
  });
});
