import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { MalformedMessageError } from '../errors.ts';
import {
  MAX_HANDSHAKE_SIGNATURES,
  parseChallenge,
  parseHandshakeResponse,
  serialiseChallenge,
  serialiseHandshakeResponse,
} from './handshake.ts';

describe('collection handshake', () => {
  it('refuses a damaged challenge', () => {
    assertRefusesDamage(serialiseChallenge(Buffer.from('nonce')), parseChallenge);
  });

  it('refuses a damaged response', () => {
    const signatures = [Buffer.from('one'), Buffer.from('two')];
    assertRefusesDamage(serialiseHandshakeResponse(signatures), parseHandshakeResponse);
  });

  it('takes as many signatures as there may be, and not one more', () => {
    const signatures = Array.from({ length: MAX_HANDSHAKE_SIGNATURES }, (_, index) =>
      Buffer.of(index),
    );
    const parsed = parseHandshakeResponse(serialiseHandshakeResponse(signatures));
    assert.deepEqual(
      parsed.map((each) => Buffer.from(each)),
      signatures,
    );
    assert.throws(
      () => parseHandshakeResponse(serialiseHandshakeResponse([...signatures, Buffer.of(0)])),
      MalformedMessageError,
    );
  });

  it('refuses a response without a signature', () => {
    assert.throws(
      () => parseHandshakeResponse(serialiseHandshakeResponse([])),
      MalformedMessageError,
    );
  });
});
