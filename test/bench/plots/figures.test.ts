import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from '../rows/row.ts';
import { drawDotPlot } from './dot-plot.ts';
import { comparison, marks } from './figures.ts';

const WHERE = '2 processors';

function row(more: Partial<Row>): Row {
  const turns = [{ value: 2, against: 100, others: 0 }];
  return {
    name: 'accept',
    unit: 'ms of CPU',
    against: 'the peer library',
    mark: 0.04,
    turns,
    ...more,
  };
}

const ROWS: readonly Row[] = [
  row({}),
  row({ against: 'the floor', mark: null, turns: [{ value: 2, against: 1, others: 0 }] }),
  row({
    name: 'RSS',
    unit: 'MiB',
    against: null,
    mark: 64,
    turns: [{ value: 16, against: null, others: null }],
  }),
  row({
    name: 'listings',
    unit: 'calls',
    against: null,
    mark: 1,
    turns: [{ value: 1, against: null, others: null }],
  }),
];

describe('the figures of the bench', () => {
  it('show ours between the floor and the peer library', () => {
    assert.deepEqual(comparison(ROWS, WHERE).lines, [
      {
        label: 'accept',
        dots: [
          { series: 'floor', value: 1 },
          { series: 'peer library', value: 100 },
          { series: 'ours', value: 2 },
        ],
        remark: '2 ms, 1/50',
      },
    ]);
  });

  it('show how near each is to its mark, without counts', () => {
    assert.deepEqual(marks(ROWS, WHERE).lines, [
      {
        label: 'accept, against the peer library',
        dots: [{ series: 'measured', value: 0.5 }],
        remark: '1/50 of 1/25',
      },
      { label: 'RSS', dots: [{ series: 'measured', value: 0.25 }], remark: '16 MiB of 64 MiB' },
    ]);
  });

  it('are SVG with all their text, whatever is in it, for light and dark', () => {
    const plot = { ...comparison(ROWS, '2 < 3 & "so"'), isLogarithmic: false };
    const drawn = drawDotPlot(plot, '@media (prefers-color-scheme: dark) {}\n');
    assert.match(drawn, /^<svg role="img" .* xmlns="http:\/\/www.w3.org\/2000\/svg">\n<title>/);
    assert.match(drawn, /2 &lt; 3 &amp; &quot;so&quot;/);
    assert.match(drawn, />2 ms, 1\/50<\/text>/);
    assert.match(drawn, /prefers-color-scheme: dark/);
    assert.equal(drawn.match(/<circle/g)?.length, 6);
  });

  it('put a value where it is on the axis, and one beyond it at its end', () => {
    const drawn = drawDotPlot({ ...marks(ROWS, WHERE), ticks: [0, 0.4] }, '');
    const places = numbersIn(drawn, /<circle class="ours" cx="(\S+)" cy="[^4]/g);
    const [start = 0, end = 0] = numbersIn(drawn, /<line class="tick" x1="(\S+)"/g);
    assert.ok(end > start);
    assert.deepEqual(places, [end, start + ((end - start) * 0.25) / 0.4]);
  });

  it('give each column the room that its longest text takes', () => {
    const drawnWith = (label: string, remark: string) => {
      const dots = [{ series: 'measured', value: 0.5 }];
      const plot = { ...marks(ROWS, WHERE), lines: [{ label, remark, dots }] };
      const drawn = drawDotPlot(plot, '');
      const [width = 0] = numbersIn(drawn, /width="(\S+)"/g);
      const [start = 0] = numbersIn(drawn, /<line class="tick" x1="(\S+)"/g);
      return { width, start };
    };
    const [short, long] = [50, 100].map((length) =>
      drawnWith('a'.repeat(length), 'b'.repeat(length)),
    );
    assert.ok(short && long);
    assert.ok(long.start - short.start >= 350);
    assert.ok(long.width - short.width >= 700);
  });
});

function numbersIn(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map(([, number]) => Number(number));
}
