import { ReachError } from '../reach/reach-error.ts';
import { zoneLine } from '../reach/zone-file.ts';
import type { DnsState, RecordState } from './dns-state.ts';
import type { DnsPlan } from './records.ts';

const MARKS = { there: '✓', missing: '…', wrong: '✗' } as const;
const MINUTE_MS = 60_000;

/** The state of the DNS in one line. */
export function progressOfDns(state: DnsState | ReachError, passedMs: number): string {
  const minutes = Math.floor(passedMs / MINUTE_MS);
  const since = minutes === 0 ? '' : `   (${minutes} min)`;
  if (state instanceof ReachError) {
    return `  DNS  ${state.message}${since}`;
  }
  const { records, isProved, forbiddenBy } = state;
  const words = [
    // That there are none where none are needed goes without saying.
    ...records
      .filter(({ needed, state }) => needed.values.length > 0 || state === 'wrong')
      .map(wordsOf),
    `DNSSEC ${isProved ? '✓' : '…'}`,
    ...(forbiddenBy === null ? [] : ['CAA ✗']),
  ];
  return `  DNS  ${words.join('   ')}${since}`;
}

/** What to do about each thing that is not as it must be, a line each. */
export function adviceOnDns(state: DnsState, { host }: DnsPlan): string {
  const { records, isProved, forbiddenBy } = state;
  const lines = [
    ...records.filter((each) => each.state !== 'there').map(adviceOn),
    ...(isProved === false
      ? [
          'DNSSEC does not prove the records: turn it on at the DNS provider, and hand the DS record to the registrar; or repeat with --without-dnssec, and Internet apps deliver nothing until it is there.',
        ]
      : []),
    ...(forbiddenBy === null
      ? []
      : [
          `${forbiddenBy} does not allow Let’s Encrypt. Add: ${zoneLine({ name: host, type: 'CAA', value: '0 issue "letsencrypt.org"' })}`,
        ]),
  ];
  const last =
    'New records take minutes; where a resolver has remembered that there were none, up to an hour or so. Repeat the same line to go on from here.';
  return [...lines, last].join('\n');
}

function wordsOf({ needed, state, others }: RecordState): string {
  const instead = state === 'wrong' ? ` (${others.join(', ')})` : '';
  return `${needed.short} ${MARKS[state]}${instead}`;
}

function adviceOn({ needed, state, others }: RecordState): string {
  const { name, type, values } = needed;
  const wanted = values.map((value) => zoneLine({ name, type, value })).join(' and ');
  if (state === 'missing') {
    return `${type} of ${name} is missing. Add: ${wanted}`;
  }
  const instead = wanted === '' ? '' : `, and add unless it is there: ${wanted}`;
  return `${type} of ${name} is ${others.join(', ')}: remove that${instead}`;
}
