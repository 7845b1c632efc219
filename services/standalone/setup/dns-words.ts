import { ReachError } from '../reach/reach-error.ts';
import { zoneLine } from '../reach/zone-file.ts';
import type { DnsState, RecordState } from './dns-state.ts';
import type { DnsPlan } from './records.ts';
import type { Progress } from './terminal.ts';
import { waitInWords } from './wait-in-words.ts';

const MARKS = { there: '✓', missing: '–', wrong: '✗' } as const;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

interface When {
  /** Since the first look, in milliseconds. */
  readonly passedMs: number;
  /** Until the next look, in milliseconds; null if there is none. */
  readonly nextLookMs: number | null;
}

/** The state of the DNS in one line. */
export function progressOfDns(state: DnsState | ReachError, when: When): Progress {
  const since = `DNS ${sinceInWords(when.passedMs)}`;
  const next = nextInWords(when);
  if (state instanceof ReachError) {
    const words = 'the resolver gives no answer';
    return {
      news: `  DNS  ${words}`,
      lines: [`  ${since}  ${words}${next.long}`, `${since} no answer`],
    };
  }
  const things = thingsIn(state);
  const all = things.map(wordsOf).join(' ');
  const lacking = things.filter(({ mark }) => mark !== MARKS.there);
  return {
    news: `  DNS  ${all}`,
    lines: [
      `  ${since}  ${all}${next.long}`,
      `  ${since}  ${all}${next.short}`,
      `${since} ${lacking.map(wordsOf).join(' ')}`,
      `${since} ${things.length - lacking.length}/${things.length} ${MARKS.there}`,
    ],
  };
}

/** What has to be said once, a line each: what is wrong now will not come right by waiting. */
export function complaintsOfDns(state: DnsState | ReachError, plan: DnsPlan): readonly string[] {
  if (state instanceof ReachError) {
    return [state.message];
  }
  const wrong = state.records.filter((each) => each.state === 'wrong').map(adviceOn);
  return state.forbiddenBy === null ? wrong : [...wrong, adviceOnCaa(state.forbiddenBy, plan)];
}

/** What to do about each thing that is not as it must be, a line each. */
export function adviceOnDns(state: DnsState, plan: DnsPlan): string {
  const { records, isProved, forbiddenBy } = state;
  const lines = [
    ...records.filter((each) => each.state !== 'there').map(adviceOn),
    ...(isProved === false
      ? [
          'DNSSEC does not prove the records: turn it on at the DNS provider, and hand the DS record to the registrar; or repeat with --without-dnssec, and Internet apps deliver nothing until it is there.',
        ]
      : []),
    ...(forbiddenBy === null ? [] : [adviceOnCaa(forbiddenBy, plan)]),
  ];
  const last =
    'New records take minutes; where a resolver has remembered that there were none, up to an hour or so. Repeat the same line to go on from here.';
  return [...lines, last].join('\n');
}

/** Something that must be there, in a word. */
interface Thing {
  readonly word: string;
  readonly mark: (typeof MARKS)[keyof typeof MARKS];
}

function thingsIn({ records, isProved, forbiddenBy }: DnsState): readonly Thing[] {
  return [
    // That there are none where none are needed goes without saying.
    ...records
      .filter(({ needed, state }) => needed.values.length > 0 || state === 'wrong')
      .map(({ needed, state }) => ({ word: needed.short, mark: MARKS[state] })),
    { word: 'DNSSEC', mark: isProved ? MARKS.there : MARKS.missing },
    ...(forbiddenBy === null ? [] : [{ word: 'CAA', mark: MARKS.wrong }]),
  ];
}

function wordsOf({ word, mark }: Thing): string {
  return `${word} ${mark}`;
}

/** Minutes, from the first on: seconds would only distract from when the next look is. */
function sinceInWords(ms: number): string {
  return waitInWords(ms < MINUTE_MS ? ms : Math.floor(ms / MINUTE_MS) * MINUTE_MS);
}

function nextInWords({ nextLookMs }: When): { readonly long: string; readonly short: string } {
  if (nextLookMs === null) {
    return { long: '', short: '' };
  }
  const time = waitInWords(Math.ceil(nextLookMs / SECOND_MS) * SECOND_MS);
  return { long: `  next look in ${time}`, short: `  ${time}` };
}

function adviceOnCaa(forbiddenBy: string, { host }: DnsPlan): string {
  const line = zoneLine({ name: host, type: 'CAA', value: '0 issue "letsencrypt.org"' });
  return `${forbiddenBy} does not allow Let’s Encrypt. Add: ${line}`;
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
