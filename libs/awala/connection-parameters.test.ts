import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { identity } from '#test/builders/peers.ts';
import {
  parseConnectionParameters,
  serialiseConnectionParameters,
} from './connection-parameters.ts';
import { MalformedMessageError } from './errors.ts';
import { generateSessionKey } from './sessions/session-key.ts';

const parameters = {
  internetAddress: 'gateway.example.com',
  identityKey: identity('gateway').spki,
  sessionKey: generateSessionKey(),
};

describe('connection parameters', () => {
  it('come back as they were published', () => {
    const parsed = parseConnectionParameters(serialiseConnectionParameters(parameters));
    assert.equal(parsed.internetAddress, parameters.internetAddress);
    assert.deepEqual(parsed.identityKey, parameters.identityKey);
    assert.deepEqual(Buffer.from(parsed.sessionKey.id), parameters.sessionKey.id);
  });

  it('are refused when damaged', () => {
    assertRefusesDamage(serialiseConnectionParameters(parameters), parseConnectionParameters);
  });

  it('are refused if the session key has no id, or an endless one', () => {
    for (const octets of [0, 65]) {
      const sessionKey = { ...parameters.sessionKey, id: Buffer.alloc(octets) };
      const published = serialiseConnectionParameters({ ...parameters, sessionKey });
      assert.throws(() => parseConnectionParameters(published), MalformedMessageError);
    }
  });
});
