import type { Outcome } from './under-attack.ts';

const MIB = 1_024 * 1_024;
const HEADS = ['attack', 'served', 'in its network', 'peak RSS', 'peak descriptors', 'disk'];

/** A table in Markdown, of a line for each attack. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ says, served, peak }) => [
    says,
    inPercent(served.other),
    inPercent(served.own),
    inMib(peak.rssOctets),
    `${peak.descriptors}`,
    inMib(peak.diskOctets),
  ]);
  const rule = HEADS.map(() => '---');
  return [HEADS, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function inPercent(part: number | null): string {
  return part === null ? '–' : `${Math.round(100 * part)} %`;
}

function inMib(octets: number): string {
  return `${Math.round(octets / MIB)} MiB`;
}
