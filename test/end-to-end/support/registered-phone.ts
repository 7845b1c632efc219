import assert from 'node:assert/strict';
import { parseRegistration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import {
  authorisedSender,
  endpoint,
  identity,
  type Peer,
  preRegistrationBody,
  validAround,
} from '#test/builders/peers.ts';
import { HttpClient } from './http-client.ts';
import type { Road } from './road.ts';

export interface RegisteredPhone extends Omit<Road, 'us'> {
  /** What the phone was told about the gateway. */
  readonly gatewayCertificate: Certificate;
  /** The gateway's key to start the session with. */
  readonly sessionKey: SessionKey;
}

/** Registers a phone with a running gateway, as any phone does, and lets someone write to an endpoint behind it. */
export async function registerPhone(
  port: number,
  name = 'phone',
  now = new Date(),
): Promise<RegisteredPhone> {
  const self = identity(name);
  using client = new HttpClient(port);
  const post = async (path: string, type: string, body: Uint8Array | string) => {
    const answer = await client.post(path, { headers: { 'content-type': type }, body });
    assert.equal(answer.status, 200);
    return answer.body;
  };
  const authorization = await post(
    '/v1/pre-registrations',
    'text/plain',
    preRegistrationBody(self),
  );
  const request = { publicKey: self.spki, authorization };
  const { peerCertificate, gatewayCertificate, sessionKey } = parseRegistration(
    await post(
      '/v1/nodes',
      'application/vnd.awala.node-registration.request',
      await serialiseRegistrationRequest(request, self.sign),
    ),
  );
  const phone: Peer = { ...self, certificate: peerCertificate, issuers: [] };
  assert.ok(sessionKey);
  const validity = validAround(now);
  const recipient = await endpoint('recipient', phone, validity);
  const sender = await authorisedSender('sender', recipient, validity);
  return { now, validity, phone, recipient, sender, gatewayCertificate, sessionKey };
}
