import { hash } from 'node:crypto';

/** 48 bits: among a million parcels, two share a trace id with a probability of 0.2 %. */
const DIGITS = 12;

/**
 * A parcel's or cargo's trace id: the first 12 hexadecimal digits of the SHA-256 of its key in the
 * object store, the same in each process and on each road.
 *
 * It cannot be guessed back from the ids of nodes, since the key ends in a hash of the parcel's or
 * cargo's own id, which is a random UUID for all deployed peers. Whoever knows the key can compute it.
 */
export function traceOf(key: string): string {
  return hash('sha256', key, 'hex').slice(0, DIGITS);
}

/** Keys of parcels and cargoes, as they are and as they stand in a URL. */
const KEY =
  /(?:parcels(?:\/|%2F)(?:gateway|internet)-bound|cargo)(?:\/|%2F)(?:[A-Za-z0-9._-]+(?:\/|%2F))*[0-9a-f]{64}(?![0-9a-z])/gi;
/** The same, cut short, as a prefix of a listing is. */
const PART_OF_KEY =
  /(?:parcels(?:\/|%2F)(?:gateway|internet)-bound(?:\/|%2F)[A-Za-z0-9]|cargo(?:\/|%2F)0[0-9a-f]{7})[A-Za-z0-9._%/-]*/gi;
const NODE_ID = /\b0[0-9a-f]{64}\b/g;
/** Shorter texts hold none of these. */
const SHORTEST = 'cargo/00000000'.length;

/**
 * A text that names neither parcels, cargoes nor nodes: of keys their trace ids are left, of the ids of
 * nodes nothing. For what libraries and backing services put into their messages.
 *
 * @param keepsTraces - false where a node is named beside the text: of keys nothing is left then
 */
export function withoutNames(text: string, keepsTraces = true): string {
  if (text.length < SHORTEST) {
    return text;
  }
  return text
    .replaceAll(KEY, (key) =>
      keepsTraces ? `[trace ${traceOf(key.replaceAll(/%2F/gi, '/'))}]` : '[key]',
    )
    .replaceAll(PART_OF_KEY, '[key]')
    .replaceAll(NODE_ID, '[node]');
}
