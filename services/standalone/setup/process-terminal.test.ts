import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import { progressOfDns } from './dns-words.ts';
import { ProcessTerminal } from './process-terminal.ts';
import { neededRecords } from './records.ts';

const RECORDS = neededRecords({
  address: 'gateway.example',
  host: 'gateway.example',
  port: 443,
  ipAddresses: ['9.9.9.1', '2620:fe::1'],
});

/** What a terminal shows of the DNS, of which half is there. */
function shownOn(columns: number | null, passedMs: number): string {
  const records = RECORDS.map((needed, index) => {
    const state =
      index === 3 ? ('wrong' as const) : index < 3 ? ('there' as const) : ('missing' as const);
    return { needed, state, others: [] };
  });
  const screen = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY: columns !== null,
    columns,
  });
  const streams = {
    input: new PassThrough() as unknown as ReadStream,
    output: screen as unknown as WriteStream,
    onInterrupt: () => {},
  };
  const terminal = new ProcessTerminal(streams, (line) => screen.write(`${line}\n`));
  const state = { records, isProved: false, forbiddenBy: null };
  terminal.progress(progressOfDns(state, { passedMs, nextLookMs: 40_000 }));
  return String(screen.read()).replace('\r\u001b[K', '');
}

describe('what goes on, on a terminal', () => {
  it('fits the screen, and shows what is missing where not all has room', () => {
    const ms = 12 * 60_000;
    assert.equal(
      shownOn(80, ms),
      '  DNS 12 min  A ✓ AAAA ✓ gsc ✓ crc ✗ pdc – DNSSEC –  next look in 40 s',
    );
    assert.equal(shownOn(60, ms), '  DNS 12 min  A ✓ AAAA ✓ gsc ✓ crc ✗ pdc – DNSSEC –  40 s');
    assert.equal(shownOn(40, ms), 'DNS 12 min crc ✗ pdc – DNSSEC –');
    assert.equal(shownOn(20, ms), 'DNS 12 min 3/6 ✓');
  });

  it('is told once where no line can be replaced', () => {
    assert.equal(shownOn(null, 0), '  DNS  A ✓ AAAA ✓ gsc ✓ crc ✗ pdc – DNSSEC –\n');
  });
});
