import { type NodeId, parseNodeId } from '#awala/node-id.ts';
import { MAX_REASON_LENGTH } from '#gateway/peers/operator-act.ts';
import { UsageError } from './command.ts';
import { readArguments } from './option-values.ts';

const OPTIONS = {
  reason: { type: 'string' },
  for: { type: 'string' },
  factor: { type: 'string' },
  count: { type: 'string' },
  'may-collect': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** What each word may be followed by: an id, or perhaps one, and these options. */
const ACTIONS = {
  list: { takesId: false, options: ['json'] },
  show: { takesId: true, options: ['json'] },
  log: { takesId: false, options: ['json'] },
  block: { takesId: true, options: ['reason', 'for', 'may-collect'] },
  unblock: { takesId: true, options: ['reason'] },
  purge: { takesId: true, options: ['reason', 'yes'] },
  quota: { takesId: true, options: ['factor', 'reason', 'for'] },
  invite: { takesId: true, options: ['count', 'reason', 'for'] },
} as const;

/** Units of `--for`, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** The longest decision that ends by itself, in days. */
const MAX_DAYS = 3_650;
/** Newcomers whom one invitation lets in. */
const MAX_PLACES = 1_000;
/** How long whoever comes is invited unless told otherwise: they stand by. */
const INVITED_MS = 15 * 60_000;
/** How long one that is named is invited. */
const NAMED_INVITED_MS = 7 * 86_400_000;
/** The least and the most that a private gateway's quotas may be multiplied by. */
const LEAST_FACTOR = 0.01;
const MOST_FACTOR = 1_000;

/** The arguments of `awala-gateway peers`. */
export type PeerArguments =
  | { readonly action: 'list' | 'log'; readonly json: boolean }
  | { readonly action: 'show'; readonly peer: NodeId; readonly json: boolean }
  | {
      readonly action: 'block';
      readonly peer: NodeId;
      readonly reason: string;
      /** How long the block lasts; null for ever. */
      readonly forMs: number | null;
      readonly mayCollect: boolean;
    }
  | { readonly action: 'unblock'; readonly peer: NodeId; readonly reason: string }
  | {
      readonly action: 'purge';
      readonly peer: NodeId;
      readonly reason: string;
      readonly yes: boolean;
    }
  | {
      readonly action: 'quota';
      readonly peer: NodeId;
      /** What each quota is multiplied by; 1 for that of all. */
      readonly factor: number;
      readonly reason: string;
      /** How long; null for ever. */
      readonly forMs: number | null;
    }
  | {
      readonly action: 'invite';
      /** Null for whoever comes. */
      readonly peer: NodeId | null;
      /** How many; 1 if one is named. */
      readonly places: number;
      readonly reason: string;
      readonly forMs: number;
    };

/**
 * Reads the arguments of `awala-gateway peers`.
 *
 * @throws {UsageError}
 */
export function readPeerArguments(args: readonly string[]): PeerArguments {
  const read = readArguments({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [word = '', id, ...others] = read.positionals;
  if (!isAction(word)) {
    throw new UsageError(`say ${new Intl.ListFormat('en', { type: 'disjunction' }).format(WORDS)}`);
  }
  const { takesId, options } = ACTIONS[word];
  const given = Object.entries(read.values).filter(([, value]) => value !== false);
  for (const [name] of given) {
    if (!(options as readonly string[]).includes(name)) {
      throw new UsageError(`peers ${word} takes no --${name}`);
    }
  }
  const extra = takesId ? others[0] : id;
  if (extra !== undefined) {
    throw new UsageError(`unexpected argument “${extra}”`);
  }
  const { json, yes } = read.values;
  switch (word) {
    case 'list':
    case 'log':
      return { action: word, json };
    case 'show':
      return { action: word, peer: peerIn(word, id), json };
    case 'block':
      return {
        action: word,
        peer: peerIn(word, id),
        reason: reasonIn(word, read.values.reason),
        forMs: durationIn(read.values.for),
        mayCollect: read.values['may-collect'],
      };
    case 'unblock':
      return { action: word, peer: peerIn(word, id), reason: reasonIn(word, read.values.reason) };
    case 'purge':
      return {
        action: word,
        peer: peerIn(word, id),
        reason: reasonIn(word, read.values.reason),
        yes,
      };
    case 'quota':
      return {
        action: word,
        peer: peerIn(word, id),
        factor: factorIn(read.values.factor),
        reason: reasonIn(word, read.values.reason),
        forMs: durationIn(read.values.for),
      };
    case 'invite':
      return inviteIn(id, read.values);
  }
}

function inviteIn(
  id: string | undefined,
  given: { readonly count?: string; readonly reason?: string; readonly for?: string },
): PeerArguments {
  const action = 'invite';
  const reason = reasonIn(action, given.reason);
  const forMs = durationIn(given.for);
  if (id === undefined) {
    const places = placesIn(given.count ?? '1');
    return { action, peer: null, places, reason, forMs: forMs ?? INVITED_MS };
  }
  if (given.count !== undefined) {
    throw new UsageError('--count is for whoever comes, not for one that is named');
  }
  return { action, peer: peerIn(action, id), places: 1, reason, forMs: forMs ?? NAMED_INVITED_MS };
}

function placesIn(text: string): number {
  const places = /^[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(places <= MAX_PLACES)) {
    throw new UsageError(`--count needs a number up to ${MAX_PLACES}; 0 to invite nobody any more`);
  }
  return places;
}

const WORDS = Object.keys(ACTIONS);

function isAction(word: string): word is keyof typeof ACTIONS {
  return Object.hasOwn(ACTIONS, word);
}

function peerIn(word: string, text: string | undefined): NodeId {
  if (text === undefined) {
    throw new UsageError(`peers ${word} needs the id of a private gateway`);
  }
  const peer = parseNodeId(text);
  if (peer === null) {
    throw new UsageError(`“${text}” is no id: 0 and 64 hexadecimal digits in lower case`);
  }
  return peer;
}

function reasonIn(word: string, text: string | undefined): string {
  const reason = text?.trim() ?? '';
  if (reason === '') {
    throw new UsageError(`peers ${word} needs --reason, for those who ask later`);
  }
  if (reason.length > MAX_REASON_LENGTH) {
    throw new UsageError(`--reason may have ${MAX_REASON_LENGTH} characters at most`);
  }
  if (/\p{Cc}/u.test(reason)) {
    throw new UsageError('--reason must be one line of text');
  }
  return reason;
}

function durationIn(text: string | undefined): number | null {
  if (text === undefined) {
    return null;
  }
  const [, digits = '', unit = ''] = /^([1-9][0-9]{0,6})([mhd])$/.exec(text) ?? [];
  const forMs = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (!(forMs > 0 && forMs <= MAX_DAYS * 86_400_000)) {
    throw new UsageError(
      `--for needs a time such as 30m, 12h or 7d, up to ${MAX_DAYS}d, not “${text}”`,
    );
  }
  return forMs;
}

function factorIn(text: string | undefined): number {
  const factor = /^[0-9]{1,4}(\.[0-9]{1,2})?$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (!(factor >= LEAST_FACTOR && factor <= MOST_FACTOR)) {
    throw new UsageError(
      `peers quota needs --factor, from ${LEAST_FACTOR} to ${MOST_FACTOR}; 1 for the quotas of all`,
    );
  }
  return factor;
}
