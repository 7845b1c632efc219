import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { FaultCode } from '#awala/errors.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { CALL_ANSWERS } from '#services/cogrpc/answers.ts';
import { CourieredGateway } from '../cargo/couriered-gateway.ts';
import { invalidMessages } from '../cargo/invalid-messages.ts';
import type { RefusedMessage } from '../support/refused-message.ts';
import { telling } from './told-by-log.ts';

type Code = Extract<keyof typeof CALL_ANSWERS, FaultCode>;

describe('CogRPC: each fault of a CCA', () => {
  let couriered: CourieredGateway;
  let invalid: readonly RefusedMessage[];

  before(async () => {
    couriered = await CourieredGateway.start();
    invalid = Object.values(await invalidMessages(couriered, 'cca'));
  });
  after(() => couriered[Symbol.asyncDispose]());

  function withFault(code: FaultCode): Uint8Array {
    const cca = invalid.find(({ reason }) => reason === code);
    assert.ok(cca, code);
    return cca.octets;
  }

  const ccas: Readonly<Record<Code, () => Uint8Array>> = {
    malformed: () => Buffer.from('hello'),
    signature: () => withFault('signature'),
    algorithm: () => withFault('algorithm'),
    expired: () => withFault('expired'),
    'not-yet-valid': () => withFault('not-yet-valid'),
    certificate: () => withFault('certificate'),
    'untrusted-path': () => withFault('untrusted-path'),
    'wrong-recipient': () => withFault('wrong-recipient'),
    decryption: () => {
      const { collectionRequest } = couriered;
      const payload = couriered.seal(collectionRequest, generateSessionKey());
      return couriered.craft('cca', { payload });
    },
  };

  for (const [code, ccaWithFault] of Object.entries(ccas)) {
    const { status: name } = CALL_ANSWERS[code as Code];
    it(`${code}: ${name}`, async () => {
      const { logged } = couriered.gateway;
      const end = await telling(code, logged, () => couriered.collect(ccaWithFault()));
      assert.equal(end.code, status[name]);
    });
  }
});
