import { costOf } from './cost.ts';
import { type Form, usageOf } from './usage.ts';

/** Phones, one number per column. */
export const PHONES = [1_000, 100_000, 10_000_000];

/** Phones of one machine: those of the first column. */
export const PHONES_OF_A_MACHINE = 1_000;

/** The monthly cost as a table in Markdown. */
export function costTable(): string {
  const forms: readonly (readonly [number, Form])[] = [
    [PHONES_OF_A_MACHINE, 'machine'],
    ...PHONES.map((phones) => [phones, 'cluster'] as const),
  ];
  const phones = forms.map(([count]) => count);
  const columns = forms.map(([count, form]) => costOf(usageOf(count, form)));
  const lines = (columns[0] ?? []).map(({ what }, index) =>
    tableRow(what, ...columns.map((column) => dollars(column[index]?.dollars ?? 0))),
  );
  const sums = columns.map((column) => column.reduce((sum, line) => sum + line.dollars, 0));
  return [
    tableRow(
      'US$ a month for so many phones',
      ...forms.map(([count, form]) => grouped(count) + (form === 'machine' ? ', small cloud' : '')),
    ),
    tableRow('---', ...forms.map(() => '---:')),
    ...lines,
    tableRow('**together**', ...sums.map((sum) => `**${dollars(sum)}**`)),
    tableRow(
      'each phone',
      ...sums.map((sum, index) => `${(sum / (phones[index] ?? 1)).toFixed(4)}`),
    ),
  ].join('\n');
}

/** Average rates, per second or minute as limits are, as a table in Markdown. */
export function rateTable(): string {
  const columns = PHONES.map((phones) => usageOf(phones));
  const seconds = 30 * 86_400;
  const rates: readonly (readonly [string, (usage: ReturnType<typeof usageOf>) => number])[] = [
    ['Cloud Storage: uploads and deletions per second', (u) => (u.classA - u.ofThemListings) * 2],
    ['Cloud Storage: downloads and listings per second', (u) => u.classB + u.ofThemListings],
    ['Firestore: writes and deletions per second', (u) => u.firestoreWrites + u.firestoreDeletions],
    ['Cloud KMS: signatures per minute', (u) => u.signatures * 60],
  ];
  return [
    tableRow('on average, for so many phones', ...PHONES.map(grouped)),
    tableRow('---', ...PHONES.map(() => '---:')),
    ...rates.map(([what, count]) =>
      tableRow(what, ...columns.map((usage) => rounded(count(usage) / seconds))),
    ),
    tableRow('collectors connected, twice the average', ...columns.map((u) => rounded(u.sockets))),
    tableRow('cores used', ...columns.map((u) => rounded(u.averageCores))),
    tableRow('cores provided', ...columns.map((u) => rounded(u.vcpus))),
  ].join('\n');
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
