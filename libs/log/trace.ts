import { hash } from 'node:crypto';

/** 48 bits: among a million parcels, two share a trace id with a probability of 0.2 %. */
const DIGITS = 12;

/**
 * The trace id of a parcel or cargo: the first 12 hexadecimal digits of the SHA-256 of its key in
 * the object store, the same in every process and on every road.
 *
 * Nodes' ids do not reveal it, since the key ends in a hash of the parcel's or cargo's own id,
 * which is a random UUID for all deployed peers. Whoever knows the key can compute it.
 */
export function traceOf(key: string): string {
  return hash('sha256', key, 'hex').slice(0, DIGITS);
}

/** Keys of parcels and cargoes, plain or in a URL. */
const KEY =
  /(?:parcels(?:\/|%2F)(?:gateway|internet)-bound|cargo)(?:\/|%2F)(?:[A-Za-z0-9._-]+(?:\/|%2F))*(?:[0-9a-f]{48}|[0-9a-f]{64})(?![0-9a-z])/gi;
/** The same, cut short, as in a listing's prefix. */
const PART_OF_KEY =
  /(?:parcels(?:\/|%2F)(?:gateway|internet)-bound(?:\/|%2F)[A-Za-z0-9]|cargo(?:\/|%2F)0[0-9a-f]{7})[A-Za-z0-9._%/-]*/gi;
const NODE_ID = /\b0[0-9a-f]{64}\b/g;
/** Shorter texts contain none of these. */
const SHORTEST = 'cargo/00000000'.length;

/**
 * Removes the names of parcels, cargoes and nodes from a text of a library or backing service: keys
 * become trace ids, node ids disappear.
 *
 * @param keepsTraces - false where a node is named next to the text: keys then disappear too
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
