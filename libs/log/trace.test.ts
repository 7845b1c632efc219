import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { traceOf, withoutNames } from './trace.ts';

const NODE = `0${'a'.repeat(64)}`;
const OTHER = `0${'b'.repeat(64)}`;
const DIGEST = 'c'.repeat(64);
const KEYS = [
  `parcels/gateway-bound/${NODE}/${OTHER}/${NODE}/${DIGEST}`,
  `parcels/internet-bound/ping.example/${NODE}/${DIGEST}`,
  `cargo/${NODE}/${DIGEST}`,
];

describe('trace id', () => {
  it('is what an operator computes from the key with sha256sum', () => {
    const [key = ''] = KEYS;
    assert.equal(traceOf(key), createHash('sha256').update(key).digest('hex').slice(0, 12));
  });
});

describe('a text without names', () => {
  for (const key of KEYS) {
    it(`has the trace id in place of a key, and keeps the words around it: ${key.slice(0, 22)}`, () => {
      const text = `cannot read "${key}" (ENOENT)`;
      assert.equal(withoutNames(text), `cannot read "[trace ${traceOf(key)}]" (ENOENT)`);
    });

    it(`the same where a URL has it encoded: ${key.slice(0, 22)}`, () => {
      const text = `GET http://store/o/${encodeURIComponent(key)}?alt=media`;
      assert.equal(withoutNames(text), `GET http://store/o/[trace ${traceOf(key)}]?alt=media`);
    });

    it(`has nothing in place of a part of one: ${key.slice(0, 22)}`, () => {
      for (const end of [30, 50, key.length - 1]) {
        assert.equal(withoutNames(`at ${key.slice(0, end)}`), 'at [key]');
      }
    });
  }

  it('has nothing in place of the ids of nodes', () => {
    assert.equal(withoutNames(`${NODE} is not ${OTHER}`), '[node] is not [node]');
    assert.equal(withoutNames(`channel arrivals/${NODE}`), 'channel arrivals/[node]');
  });

  it('keeps everything else, the places in a stack among it', () => {
    const text = 'Error: parcels/ of cargo/ at file:///app/libs/awala/cargo/message-set.ts:62:13';
    assert.equal(withoutNames(text), text);
  });
});
