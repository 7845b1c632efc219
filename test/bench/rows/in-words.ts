import type { Row, Unit } from './row.ts';

/** Three significant digits. */
export function digits(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

/** A value of the unit, such as `0.14 ms of CPU`. */
export function quantity(value: number, unit: Unit): string {
  return `${digits(value)} ${unit}`;
}

/** A figure, or a mark, of the row: `1/70` or `1.25×` of what it is measured against, or a quantity. */
export function figureInWords({ against, unit }: Row, figure: number): string {
  if (against === null) {
    return quantity(figure, unit);
  }
  return figure < 0.5 ? `1/${digits(1 / figure)}` : `${digits(figure)}×`;
}
