import { affordableCpuMs, costOf, MARKS, totalCost } from './cost.ts';
import { type Form, MOST_CPU, type Usage, usageOf } from './usage.ts';

/** Phones, one number per column. */
export const PHONES = [1_000, 100_000, 10_000_000];

/** What the columns of the cost are for. */
export const COLUMNS: readonly { readonly phones: number; readonly form: Form }[] = [
  { phones: 1_000, form: 'small cloud' },
  { phones: 100_000, form: 'one machine' },
  ...PHONES.map((phones) => ({ phones, form: 'cluster' as const })),
];

/** The monthly cost as a table in Markdown. */
export function costTable(): string {
  const usages = COLUMNS.map(({ phones, form }) => usageOf(phones, form));
  const columns = usages.map(costOf);
  const lines = (columns[0] ?? []).map(({ what }, index) =>
    tableRow(what, ...columns.map((column) => dollars(column[index]?.dollars ?? 0))),
  );
  const sums = usages.map(totalCost);
  return [
    tableRow(
      'US$ a month for so many phones',
      ...COLUMNS.map(
        ({ phones, form }) => grouped(phones) + (form === 'cluster' ? '' : `, ${form}`),
      ),
    ),
    tableRow('---', ...COLUMNS.map(() => '---:')),
    ...lines,
    tableRow('**together**', ...sums.map((sum) => `**${dollars(sum)}**`)),
    tableRow(
      'each phone',
      ...sums.map((sum, index) => `${(sum / (COLUMNS[index]?.phones ?? 1)).toFixed(4)}`),
    ),
  ].join('\n');
}

/** Average rates, per second or minute as limits are, as a table in Markdown. */
export function rateTable(): string {
  const columns = PHONES.map((phones) => usageOf(phones));
  const seconds = 30 * 86_400;
  const row = (what: string, value: (usage: Usage) => number) =>
    tableRow(what, ...columns.map((usage) => rounded(value(usage))));
  return [
    tableRow('on average, for so many phones', ...PHONES.map(grouped)),
    tableRow('---', ...PHONES.map(() => '---:')),
    row('Cloud Storage: uploads and deletions per second', (u) => (u.uploads * 2) / seconds),
    row('Cloud Storage: downloads per second', (u) => u.downloads / seconds),
    row(
      'Cloud Storage: listings per second',
      (u) => (u.censusListings + u.visitListings) / seconds,
    ),
    row(
      'Firestore: writes and deletions per second',
      (u) => (u.firestoreWrites + u.firestoreDeletions) / seconds,
    ),
    row('Cloud KMS: signatures per minute', (u) => (u.signatures * 60) / seconds),
    row('Redis: commands per second', (u) => u.redisCommandsPerSecond),
    row('Redis: commands per second at the busiest time', (u) => u.redisCommandsAtPeak),
    row('Redis: memory, GB', (u) => u.redisGigabytes),
    row('collectors connected, twice the average', (u) => u.sockets),
    row('cores used', (u) => u.averageCores),
    row('cores provided', (u) => u.vcpus),
  ].join('\n');
}

/** What CPU time phones take, and may take. */
export function cpuSentence(): string {
  const { busy, steady } = MOST_CPU;
  const { phones, dollars: most } = MARKS.large;
  const affordable = Math.floor(affordableCpuMs(phones, most));
  return `A phone takes ${Math.round(busy)} ms of CPU time a day, and ${Math.round(steady)} ms more for the census. ${grouped(phones)} phones cost US$ ${grouped(most)} a month at most while the first is ${affordable} ms or less.`;
}

function tableRow(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function dollars(amount: number): string {
  if (amount === 0) {
    return '–';
  }
  return amount < 0.5 ? '<1' : grouped(Math.round(amount));
}

function rounded(value: number): string {
  return value < 10 ? value.toPrecision(2) : grouped(Math.round(value));
}

/** Formats with a space between thousands. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}
