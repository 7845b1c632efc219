/** A number in a text, such as `5 min`, in milliseconds if it is a time, and in octets if it is a size. */
export interface Quantity {
  /** As written. */
  readonly text: string;
  readonly value: number;
  readonly isTime: boolean;
}

const TIMES: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  days: 86_400_000,
  years: 365 * 86_400_000,
};
const SIZES: Readonly<Record<string, number>> = { KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };
const UNITS = [...Object.keys(TIMES), ...Object.keys(SIZES)].join('|');
const NUMBER = String.raw`\d{1,3}(?: \d{3})+|\d+(?:\.\d+)?`;
/** Digits with their own unit, or the unit after the next number, as in `3 to 6 s`; exponents are raised. */
const QUANTITY = new RegExp(
  String.raw`(?<![\w.-])(?<number>${NUMBER})(?<exponent>[⁰¹²³⁴-⁹]+)?(?: ?(?:(?<unit>${UNITS})\b|(?<percent>%))|(?= to (?:${NUMBER}) (?<later>${UNITS})\b)|)`,
  'gu',
);

const IN_WORDS: Readonly<Record<string, number>> = {
  'each second': 1_000,
  'once a second': 1_000,
  'within one': 1_000,
  'each minute': 60_000,
  'an hour': 3_600_000,
  daily: 86_400_000,
  'a week': 604_800_000,
};

/** The numbers in a text, without those in code, links and estimates such as `some 10 KiB`. */
export function quantitiesIn(text: string): readonly Quantity[] {
  const plain = text.replaceAll(/`[^`]*`|\]\([^)]*\)|\bsome [\d.]+/g, '');
  return plain
    .matchAll(QUANTITY)
    .map(({ 0: written, groups = {} }) => {
      const { number = '', exponent, unit, percent, later } = groups;
      const base = Number(number.replaceAll(' ', ''));
      const power = exponent === undefined ? base : base ** Number(exponent.normalize('NFKC'));
      return { text: written, ...inUnit(power, unit ?? later ?? percent ?? '') };
    })
    .toArray();
}

function inUnit(value: number, unit: string): Omit<Quantity, 'text'> {
  const time = TIMES[unit];
  return time === undefined
    ? { value: unit === '%' ? value / 100 : value * (SIZES[unit] ?? 1), isTime: false }
    : { value: value * time, isTime: true };
}

/** Times that a text has in words, such as `an hour`. */
export function timesInWords(text: string): readonly Quantity[] {
  return Object.entries(IN_WORDS)
    .filter(([words]) => text.includes(words))
    .map(([words, value]) => ({ text: words, value, isTime: true }));
}
