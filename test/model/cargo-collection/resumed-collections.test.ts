import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sizeClassOf } from '#gateway/cargo-collection/size-classes.ts';
import { type Journey, journey, unluckyJourney } from './journey.ts';
import { nameOf, travel } from './travelled.ts';

/** A failure prints the seed and the path to its shortest form; give both here to run only that. */
const RUNS = { seed: 20_261_128, numRuns: 60 };

/** What a cargo has besides the one parcel in it, at most. */
const OVERHEAD_OCTETS = 6_000;
/** For what the gateway does in a call. */
const WORK_MS = 300;
/** As `travel` bounds the cargoes that every client takes, with some room. */
const OVERSIZE_OCTETS = 690_000;
/** After so many calls in vain, a class may be given up as a whole. */
const PATIENCE_CALLS = 6;

/** Whether a call that begins with the parcel brings it. */
function isCarriable(octets: number, { octetsPerSecond, latencyMs, deadlineMs, ...of }: Journey) {
  const travelMs = ((octets + OVERHEAD_OCTETS) / octetsPerSecond) * 1_000 + latencyMs;
  return travelMs + WORK_MS <= deadlineMs && (of.takesOversize || octets < OVERSIZE_OCTETS);
}

function classOf(octets: number): number {
  return sizeClassOf(octets, Number.POSITIVE_INFINITY);
}

/** The class of the smallest parcel that no call may bring. */
function firstDoubtfulClass(of: Journey): number {
  const others = of.calls.flatMap(({ arrivals, replacement }) => [...arrivals, replacement ?? 0]);
  const doubtful = [...of.parcels, ...others].filter((octets) => !isCarriable(octets, of));
  return classOf(Math.min(...doubtful, Number.POSITIVE_INFINITY));
}

/** Parcels that must have been acknowledged, if the first was not replaced. */
function expected(of: Journey): { readonly name: string; readonly octets: number }[] {
  const isReplaced = of.calls.some(({ replacement }) => replacement !== null);
  return of.parcels
    .map((octets, index) => ({ name: nameOf(index, 'first', octets).trimEnd(), octets, index }))
    .filter(({ octets, index }) => isCarriable(octets, of) && !(index === 0 && isReplaced));
}

function missing(of: Journey, acknowledged: readonly string[]): string[] {
  const came = new Set(acknowledged.map((name) => name.trimEnd()));
  return expected(of).flatMap(({ name }) => (came.has(name) ? [] : [name]));
}

describe('a collection that is resumed again and again under one CCA', () => {
  it('brings all that its calls can bring, nothing of it twice, and ends', async () => {
    await fc.assert(
      fc.asyncProperty(journey, async (of) => {
        const { acknowledged, vainCalls } = await travel(of);
        const doubtful = firstDoubtfulClass(of);
        const sure = vainCalls < PATIENCE_CALLS ? Number.POSITIVE_INFINITY : doubtful;
        const parcels = of.parcels.map((octets) => (classOf(octets) < sure ? octets : Infinity));
        assert.deepEqual(missing({ ...of, parcels }, acknowledged), []);
      }),
      RUNS,
    );
  });

  it('does so for what is smaller than what no call can bring, though two calls had bad luck', async () => {
    await fc.assert(
      fc.asyncProperty(unluckyJourney, async (of) => {
        const { acknowledged } = await travel(of);
        const sure = firstDoubtfulClass(of);
        const parcels = of.parcels.map((octets) => (classOf(octets) < sure ? octets : Infinity));
        assert.deepEqual(missing({ ...of, parcels }, acknowledged), []);
      }),
      RUNS,
    );
  });
});
