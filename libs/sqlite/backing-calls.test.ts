import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { backingError } from './backing-calls.ts';
import { DatabaseFullError, DatabaseUnavailableError, StatementFailedError } from './errors.ts';

describe('backingError', () => {
  it('names the backing of a database that is full or does not answer', () => {
    const full = backingError('record-store', new DatabaseFullError('no room'));
    assert.ok(full instanceof BackingFullError);
    assert.equal(full.backing, 'record-store');
    const cause = new DatabaseUnavailableError('no answer');
    const unavailable = backingError('work-queue', cause);
    assert.ok(unavailable instanceof BackingUnavailableError);
    assert.equal(unavailable.cause, cause);
  });

  it('takes a full disk for a full backing, and any other fault of files for an unavailable one', async () => {
    const noSpace = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    assert.ok(backingError('object-store', noSpace) instanceof BackingFullError);
    const absent = await readFile('/no/such/file').catch((error) => error);
    assert.ok(backingError('object-store', absent) instanceof BackingUnavailableError);
  });

  it('leaves faults of the code as they are', () => {
    for (const error of [new StatementFailedError('syntax'), new TypeError('key'), 'text']) {
      assert.equal(backingError('object-store', error), error);
    }
  });
});
