import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Progress } from './progress.ts';

describe('Progress', () => {
  it('is told every two seconds, in units in which it can be seen', () => {
    const clock = new ManualClock();
    const notes: string[] = [];
    const progress = new Progress({ clock, note: (line) => notes.push(line) });
    const at = (octets: number, ofOctets?: number) => {
      progress.at('Writing', octets, ofOctets);
      clock.advance(2_000);
    };
    at(0);
    at(2_048, 112_640);
    at(2_048);
    at(5_242_880, 11_010_049);
    assert.deepEqual(notes, ['Writing: 2 of 110 KiB', 'Writing: 2 KiB', 'Writing: 5 of 11 MiB']);
  });
});
