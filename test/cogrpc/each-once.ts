import assert from 'node:assert/strict';
import { CARGO_COLLECTION_LIMITS } from '#gateway/cargo-collection/cargo-collection-limits.ts';

const { window, maxCargoOctets, deadlineMarginMs } = CARGO_COLLECTION_LIMITS;

/**
 * Fails unless all parcels held came, each once.
 *
 * @param options.octets - of each parcel
 * @param options.lostMs - how long processes waited for a processor. Before a call ends, the gateway
 *   sends nothing for a while, so that all it sent can be acknowledged: each time that so much was
 *   lost, the cargoes under way come again
 */
export function assertEachOnce<Parcel extends string | number>(
  came: readonly Parcel[],
  held: readonly Parcel[],
  { octets, lostMs }: { readonly octets: number; readonly lostMs: number },
): void {
  assert.deepEqual(new Set(came), new Set(held));
  const repeats = came.length - held.length;
  const underWay = (window * maxCargoOctets) / octets;
  const excused = Math.floor(lostMs / deadlineMarginMs) * underWay;
  assert.ok(repeats <= excused, `${repeats} parcels came twice; ${lostMs} ms were lost`);
}
