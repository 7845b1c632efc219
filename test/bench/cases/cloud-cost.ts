import { affordableCpuMs, MARKS, totalCost } from '../../../scripts/monthly-cost/cost.ts';
import { MOST_CPU, usageOf } from '../../../scripts/monthly-cost/usage.ts';
import { digits } from '../rows/in-words.ts';
import { once, type Row } from '../rows/row.ts';

/** What a month on Google Cloud costs: calculated from figures that other cases measured before. */
export async function run(): Promise<readonly Row[]> {
  const { large, small } = MARKS;
  const affordable = Math.floor(affordableCpuMs(large.phones, large.dollars));
  const note = `${digits(MOST_CPU.busy)} ms of CPU a phone and day; ${affordable} would reach it`;
  return [{ ...costRow(large), note }, costRow(small)];
}

function costRow({ phones, dollars }: { readonly phones: number; readonly dollars: number }): Row {
  return {
    name: `a month of ${phones} phones on the five services`,
    unit: 'US$',
    against: null,
    mark: dollars,
    turns: once(totalCost(usageOf(phones))),
  };
}
