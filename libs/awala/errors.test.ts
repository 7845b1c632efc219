import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { InvalidMessageError, MalformedMessageError } from './errors.ts';

describe('An error that peers can bring about', () => {
  it('is an Error by class, name and message, and has no stack', () => {
    const cause = new RangeError('why');
    const error = new InvalidMessageError('expired', 'Message expired', { cause });

    assert.ok(error instanceof Error && error instanceof InvalidMessageError);
    assert.ok(!(error instanceof MalformedMessageError));
    assert.deepEqual(
      [error.name, error.message, error.code, error.cause],
      ['InvalidMessageError', 'Message expired', 'expired', cause],
    );
    assert.equal(error.stack, undefined);
    assert.equal(String(error), 'InvalidMessageError: Message expired');
    assert.match(inspect(error), /InvalidMessageError: Message expired/);
  });

  it('has a cause only if it was given one', () => {
    assert.equal('cause' in new MalformedMessageError('Trailing octets'), false);
  });
});
