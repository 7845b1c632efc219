/**
 * Converts our values for `@relaycorp/relaynet-core`, so that both libraries can use the same keys and
 * certificates.
 */
import type { KeyObject } from 'node:crypto';
import {
  derDeserializeECDHPrivateKey,
  derDeserializeECDHPublicKey,
  derDeserializeRSAPrivateKey,
  derDeserializeRSAPublicKey,
  Certificate as PeerCertificate,
} from '@relaycorp/relaynet-core';
import type { SessionCurve, SessionKey } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';

const PEER_CURVES = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
} as const satisfies Record<SessionCurve, string>;

/** Copies octets, as the peer library needs an `ArrayBuffer` of their exact length. */
export function arrayBuffer(octets: Uint8Array): ArrayBuffer {
  return new Uint8Array(octets).buffer;
}

export function peerCertificate(certificate: Certificate): PeerCertificate {
  return PeerCertificate.deserialize(arrayBuffer(certificate.der));
}

/** An RSA key for signing. */
export function peerPrivateKey(key: KeyObject): Promise<CryptoKey> {
  return derDeserializeRSAPrivateKey(key.export({ type: 'pkcs8', format: 'der' }));
}

/** An RSA key for verifying. */
export function peerPublicKey(spki: Uint8Array): Promise<CryptoKey> {
  return derDeserializeRSAPublicKey(arrayBuffer(spki));
}

export async function peerSessionKey(key: SessionKey, curve: SessionCurve = 'prime256v1') {
  const publicKey = await derDeserializeECDHPublicKey(
    arrayBuffer(key.publicKey),
    PEER_CURVES[curve],
  );
  return { keyId: Buffer.from(key.id), publicKey };
}

export function peerSessionPrivateKey(
  key: KeyObject,
  curve: SessionCurve = 'prime256v1',
): Promise<CryptoKey> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  return derDeserializeECDHPrivateKey(pkcs8, PEER_CURVES[curve]);
}
