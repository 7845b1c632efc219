import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { timesOf } from '../overload/curve.ts';
import { digits, figureInWords } from '../rows/in-words.ts';
import { judge } from '../rows/judgement.ts';
import { median, type Row } from '../rows/row.ts';
import { type DotPlot, drawDotPlot, type Line } from './dot-plot.ts';

const PICTURES = new URL('../../../docs/pictures/', import.meta.url);
const STYLE = new URL('style.css', import.meta.url);

/** Draws `bench-comparison.svg`, `bench-marks.svg` and `bench-overload.svg` into `docs/pictures`. */
export async function drawFigures(rows: readonly Row[]): Promise<void> {
  const style = await readFile(STYLE, 'utf8');
  const where = `${availableParallelism()} processors, Node ${process.versions.node}, ${today()}`;
  for (const [name, plot] of Object.entries({
    'bench-comparison': comparison(rows, where),
    'bench-marks': marks(rows, where),
    'bench-overload': overload(rows, where),
  })) {
    await writeFile(new URL(`${name}.svg`, PICTURES), drawDotPlot(plot, style));
  }
}

/** CPU time of what is measured against the peer library and the floor. @param where - and when */
export function comparison(rows: readonly Row[], where: string): DotPlot {
  const compared = rows.filter(
    ({ unit, against }) => unit === 'ms of CPU' && against === 'the peer library',
  );
  const lines = compared.map((row): Line => {
    const floor = rows.find(({ name, against }) => name === row.name && against === 'the floor');
    const [ours, peer] = [medianOf(row, 'value'), medianOf(row, 'against')];
    return {
      label: row.name,
      dots: [
        ...(floor ? [{ series: 'floor', value: medianOf(floor, 'against') }] : []),
        { series: 'peer library', value: peer },
        { series: 'ours', value: ours },
      ],
      remark: `${digits(ours)} ms, ${figureInWords(row, ours / peer)}`,
    };
  });
  return {
    title: `CPU time for one, in milliseconds (${where})`,
    series: { ours: 'ours', 'peer library': 'peer', floor: 'floor' },
    lines,
    ticks: [0.01, 0.1, 1, 10, 100, 1_000],
    isLogarithmic: true,
    tickLabel: (tick) => `${tick}`,
  };
}

/** How near each figure is to its mark, other than counts. @param where - and when */
export function marks(rows: readonly Row[], where: string): DotPlot {
  const lines = rows.flatMap((row): Line[] => {
    const { name, unit, against, mark } = row;
    if (mark === null || unit === 'calls' || unit === 'connections') {
      return [];
    }
    const { figure } = judge(row);
    return [
      {
        label: against === null ? name : `${name}, against ${against}`,
        dots: [{ series: 'measured', value: figure / mark }],
        remark: `${figureInWords(row, figure)} of ${figureInWords(row, mark)}`,
      },
    ];
  });
  return {
    title: `Each figure as a part of its mark, which it must not pass (${where})`,
    series: { measured: 'ours' },
    lines,
    ticks: [0, 0.25, 0.5, 0.75, 1, 1.25],
    isLogarithmic: false,
    tickLabel: (tick) => `${tick * 100} %`,
    limit: 1,
  };
}

/** What becomes of more and more parcels, as parts of the best throughput. @param where - and when */
export function overload(rows: readonly Row[], where: string): DotPlot {
  const byTimes = Map.groupBy(rows.filter(timesOf), (row) => timesOf(row)?.times);
  const lines = Array.from(
    byTimes,
    ([times, ofTimes]): Line => ({
      label: `${times} times the best offered`,
      dots: ofTimes.map((row) => ({
        series: timesOf(row)?.what ?? '',
        value: medianOf(row, 'value') / medianOf(row, 'against'),
      })),
      remark: ofTimes.map((row) => `${timesOf(row)?.what}: ${row.note}`).join(', '),
    }),
  );
  return {
    title: `Parcels a second by how many are offered, as parts of the best (${where})`,
    series: { accepted: 'ours', 'told later': 'peer' },
    lines,
    ticks: [0, 0.5, 0.8, 1, 1.5, 2, 2.5],
    isLogarithmic: false,
    tickLabel: (tick) => `${Math.round(tick * 100)} %`,
    limit: 0.8,
  };
}

function medianOf({ turns }: Row, side: 'value' | 'against'): number {
  return median(turns.map((turn) => turn[side] ?? Number.NaN));
}

function today(): string {
  return new Date().toLocaleDateString('en-GB', { dateStyle: 'long' });
}
