import { element, picture, type Svg } from './svg.ts';

/** A value on a line of a dot plot. */
export interface Dot {
  /** Of the legend. */
  readonly series: string;
  readonly value: number;
}

/** Values that belong together, on one line. */
export interface Line {
  readonly label: string;
  readonly dots: readonly Dot[];
  /** In words, at the end of the line. */
  readonly remark: string;
}

/** Lines of dots over one axis. */
export interface DotPlot {
  readonly title: string;
  /** Each with its class in the style sheet. */
  readonly series: Readonly<Record<string, string>>;
  readonly lines: readonly Line[];
  /** Where the axis is marked, ascending; all values are drawn between the first and the last. */
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
  readonly tickLabel: (tick: number) => string;
  /** A tick to stand out, if any. */
  readonly limit?: number;
}

const AXIS_WIDTH = 360;
const TOP = 70;
const LINE_HEIGHT = 20;
const MARGIN = 16;
const RADIUS = 4.5;
/** On average, in the widest fonts that readers may have. */
const CHARACTER_WIDTH = 7.5;
const HEADING_CHARACTER_WIDTH = 9.5;

/** Where the columns are: labels, axis, remarks. */
interface Columns {
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

/** Where a line is drawn. */
interface Place {
  /** Along the axis. */
  readonly at: (value: number) => number;
  readonly columns: Columns;
  readonly y: number;
}

/** Draws a dot plot as SVG, which follows the reader's choice of light or dark. */
export function drawDotPlot(plot: DotPlot, style: string): string {
  const { title, lines, ticks, tickLabel, limit } = plot;
  const bottom = TOP + lines.length * LINE_HEIGHT;
  const columns = columnsOf(plot);
  const at = scaleOf(plot, columns.left);
  const axis = ticks.flatMap((tick) => [
    element('line', {
      class: tick === limit ? 'limit' : 'tick',
      x1: at(tick),
      x2: at(tick),
      y1: TOP,
      y2: bottom,
    }),
    element('text', { class: 'middle faint', x: at(tick), y: TOP - 6 }, tickLabel(tick)),
  ]);
  const drawn = lines.flatMap((line, index) =>
    drawLine(plot, line, { at, columns, y: TOP + (index + 0.5) * LINE_HEIGHT }),
  );
  return picture({ width: columns.width, height: bottom + MARGIN, title, style }, [
    element('text', { class: 'heading', x: MARGIN, y: 24 }, title),
    ...legend(plot.series),
    ...axis,
    ...drawn,
  ]);
}

/** Room for whatever is longest in each column. */
function columnsOf({ title, lines }: DotPlot): Columns {
  const widest = (texts: readonly string[]) =>
    CHARACTER_WIDTH * Math.max(0, ...texts.map(({ length }) => length));
  const left = 2 * MARGIN + widest(lines.map(({ label }) => label));
  const right = left + AXIS_WIDTH;
  const ofAll = right + 2 * MARGIN + widest(lines.map(({ remark }) => remark));
  const ofTitle = 2 * MARGIN + title.length * HEADING_CHARACTER_WIDTH;
  return { left, right, width: Math.max(ofAll, ofTitle) };
}

/** @param left - where the axis begins. @returns where a value is on it */
function scaleOf({ ticks, isLogarithmic }: DotPlot, left: number): (value: number) => number {
  const [least = 1, most = least] = [ticks[0], ticks.at(-1)];
  const measure = isLogarithmic ? Math.log : (value: number) => value;
  return (value) => {
    const bounded = Math.min(Math.max(value, least), most);
    const part = (measure(bounded) - measure(least)) / (measure(most) - measure(least));
    return left + part * AXIS_WIDTH;
  };
}

function legend(series: DotPlot['series']): Svg[] {
  return Object.entries(series).flatMap(([name, style], index) => {
    const x = MARGIN + RADIUS + index * 150;
    return [
      element('circle', { class: style, cx: x, cy: 45, r: RADIUS }),
      element('text', { x: x + 10, y: 49 }, name),
    ];
  });
}

function drawLine(
  { series }: DotPlot,
  { label, dots, remark }: Line,
  { at, columns, y }: Place,
): Svg[] {
  const places = dots.map(({ value }) => at(value));
  // A single one is a length from the start of the axis.
  const from = places.length > 1 ? Math.min(...places) : columns.left;
  const span = { x1: from, x2: Math.max(...places), y1: y, y2: y };
  return [
    element('text', { x: MARGIN, y: y + 4 }, label),
    element('line', { class: 'span', ...span }),
    ...dots.map((dot) =>
      element('circle', { class: series[dot.series] ?? '', cx: at(dot.value), cy: y, r: RADIUS }),
    ),
    element('text', { class: 'faint', x: columns.right + MARGIN, y: y + 4 }, remark),
  ];
}
