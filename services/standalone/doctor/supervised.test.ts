import assert from 'node:assert/strict';
import { once } from 'node:events';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Report, textReport } from './report.ts';
import { superviseDoctor } from './supervised.ts';

/** A program that says so much, and then does something else. */
function saying(lines: readonly object[], then: string): readonly string[] {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return [process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)}); ${then}`];
}

const NAMES = { examinations: ['disk', 'database', 'keys'] };
const DISK = {
  examination: 'disk',
  findings: [{ subject: 'disk', level: 'well', says: 'fine', why: null, remedy: null }],
};
const FOR_EVER = 'setInterval(() => {}, 1_000)';

describe('The doctor in a process of its own', () => {
  /** Lets time run out once the program has said all. */
  async function examine(command: readonly string[]) {
    const clock = new ManualClock();
    const lines: string[] = [];
    const text = textReport((line) => lines.push(line));
    const told = new PassThrough();
    const report: Report = {
      ...text,
      add(each) {
        text.add(each);
        told.write('.');
      },
    };
    const examining = superviseDoctor({ command, clock }, report);
    await Promise.race([examining, once(told, 'data')]);
    clock.advance(25_000);
    return { code: await examining, text: lines.join('\n') };
  }

  it('is ended when its time is up, and what it did not examine is named', async () => {
    const { code, text } = await examine(saying([NAMES, DISK], FOR_EVER));
    assert.equal(code, 1);
    assert.match(text, /^✓ disk +fine\n! database +not examined within 25 s, as it is large/);
    assert.match(
      text,
      /\n✗ keys +not examined within 25 s\n +What hangs here hangs in the gateway/,
    );
    assert.match(text, /\n1 to fix\.$/);
  });

  it('is ended once it has said all, whatever still hangs', async () => {
    const { code, text } = await examine(saying([NAMES, DISK, { faults: 0 }], FOR_EVER));
    assert.deepEqual(
      { code, text },
      { code: 0, text: '✓ disk                   fine\n\nNothing is wrong.' },
    );
  });

  it('is reported with its last words if it dies', async () => {
    const { code, text } = await examine(saying([NAMES], "throw new Error('a surprise')"));
    assert.equal(code, 1);
    assert.match(text, /^✗ doctor +the examination ended by itself: [\s\S]*a surprise/);
  });
});
