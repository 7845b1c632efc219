import type { SeededRandom } from './random.ts';

type Mutation = (octets: Uint8Array, random: SeededRandom) => Uint8Array;

const MAX_STRETCH_OCTETS = 64;

/** What a line, a disk or an attacker without a plan does to octets. */
const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setOctet,
  nudgeOctet,
  truncate,
  remove,
  insert,
  repeat,
  swap,
];

/** Changes a few places at random, mostly one. */
export function mutateOctets(octets: Uint8Array, random: SeededRandom): Uint8Array {
  let mutant = octets;
  do {
    mutant = random.pick(MUTATIONS)(mutant, random);
  } while (random.below(4) === 0);
  return mutant;
}

function flipBit(octets: Uint8Array, random: SeededRandom): Uint8Array {
  return changed(octets, random, (octet) => octet ^ (1 << random.below(8)));
}

function setOctet(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const special = [0, 1, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0xa0, 0xff];
  return changed(octets, random, () => random.pick(special));
}

/** One more or one less is what breaks lengths and versions. */
function nudgeOctet(octets: Uint8Array, random: SeededRandom): Uint8Array {
  return changed(octets, random, (octet) => octet + random.pick([-2, -1, 1, 2]));
}

function truncate(octets: Uint8Array, random: SeededRandom): Uint8Array {
  return octets.slice(0, random.below(octets.length));
}

function remove(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = stretch(octets, random);
  return Buffer.concat([octets.subarray(0, start), octets.subarray(end)]);
}

function insert(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const [start] = stretch(octets, random);
  const added = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
  return Buffer.concat([octets.subarray(0, start), added, octets.subarray(start)]);
}

function repeat(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = stretch(octets, random);
  return Buffer.concat([octets.subarray(0, end), octets.subarray(start)]);
}

/** Exchanges two stretches of the same length. */
function swap(octets: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = stretch(octets, random);
  const other = random.below(octets.length - (end - start) + 1);
  const mutant = octets.slice();
  mutant.set(octets.subarray(other, other + end - start), start);
  mutant.set(octets.subarray(start, end), other);
  return mutant;
}

function changed(
  octets: Uint8Array,
  random: SeededRandom,
  change: (octet: number) => number,
): Uint8Array {
  const mutant = octets.slice();
  const offset = random.below(octets.length);
  mutant[offset] = change(mutant[offset] ?? 0);
  return mutant;
}

function stretch(octets: Uint8Array, random: SeededRandom): readonly [start: number, end: number] {
  const start = random.below(octets.length);
  return [start, Math.min(octets.length, start + 1 + random.below(MAX_STRETCH_OCTETS))];
}
