import { Secret } from './secret.ts';
import { type VariableOptions, type VariableWith, variable } from './variable.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * A text.
 *
 * @param options.pattern - must match the whole text; `format` says it in words
 */
export function text<const Options extends VariableOptions<string>>(
  name: string,
  options: Options & ({ readonly pattern: RegExp; readonly format: string } | object),
): VariableWith<string, Options> {
  const { pattern, format } = 'pattern' in options ? options : { pattern: null, format: '' };
  return variable<string, Options>(name, options, {
    accepts: format,
    schema: { type: 'string', ...(pattern && { pattern: pattern.source }) },
    parse: (content) => (pattern && !pattern.test(content) ? undefined : content),
  });
}

/** A password or the like, which appears in no message and not in logs by accident. */
export function secret<const Options extends VariableOptions<Secret>>(
  name: string,
  options: Options,
): VariableWith<Secret, Options> {
  return variable<Secret, Options>(name, options, {
    accepts: '',
    schema: { type: 'string' },
    parse: (content) => new Secret(content),
  });
}

/** A whole number. */
export function integer<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  const { min, max } = options;
  return variable<number, Options>(name, options, {
    accepts: `a whole number from ${min} to ${max}`,
    schema: { type: 'integer', minimum: min, maximum: max },
    parse: (content) =>
      within(options, /^-?\d{1,15}$/.test(content) ? Number(content) : Number.NaN),
  });
}

/** A TCP port to listen on; 0 lets the system choose one. */
export function port<const Options extends VariableOptions<number>>(
  name: string,
  options: Options,
): VariableWith<number, Options> {
  return integer(name, { ...options, min: 0, max: 65_535 });
}

/** `true` or `false`. */
export function boolean<const Options extends VariableOptions<boolean>>(
  name: string,
  options: Options,
): VariableWith<boolean, Options> {
  return variable<boolean, Options>(name, options, {
    accepts: 'true or false',
    schema: { type: 'boolean' },
    parse(content) {
      const lowered = content.toLowerCase();
      return lowered === 'true' || (lowered === 'false' ? false : undefined);
    },
  });
}

/** One of several words. */
export function choice<const Option extends string, const Options extends VariableOptions<Option>>(
  name: string,
  possible: readonly Option[],
  options: Options,
): VariableWith<Option, Options> {
  return variable<Option, Options>(name, options, {
    accepts: `one of ${possible.join(', ')}`,
    schema: { type: 'string', enum: possible },
    parse: (content) => possible.find((option) => option === content),
  });
}

/**
 * An absolute URL, which appears in no message, as it may hold a password.
 *
 * @param options.protocols - the allowed ones, each with its colon, such as `https:`
 */
export function url<const Options extends VariableOptions<URL>>(
  name: string,
  options: Options & { readonly protocols: readonly string[] },
): VariableWith<URL, Options> {
  const { protocols } = options;
  return variable<URL, Options>(name, options, {
    accepts: `a URL that starts with ${protocols.join(' or ')}`,
    schema: { type: 'string', pattern: `^(${protocols.join('|')})//.+` },
    parse(content) {
      const value = URL.parse(content);
      return value && protocols.includes(value.protocol) ? value : undefined;
    },
    isHidden: true,
  });
}

interface Units {
  /** The value of each unit, from the smallest to the largest. */
  readonly factors: Readonly<Record<string, number>>;
  readonly example: string;
  readonly pattern: string;
  /** What to write instead of something that people write; empty if that is unclear. */
  readonly instead: (content: string) => string;
}

const TIMES: Units = {
  factors: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  example: '25s',
  pattern: '^[0-9]+(ms|s|m|h)$',
  instead(content) {
    const [, digits, unit] = /^(\d{1,5})(d?)$/.exec(content) ?? [];
    if (digits === undefined) {
      return '';
    }
    return unit === 'd'
      ? `days are not a unit: ${Number(digits) * 24}h`
      : `add a unit: ${digits}s, ${digits}m or ${digits}h`;
  },
};

const SIZES: Units = {
  factors: { '': 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 },
  example: '64MiB',
  pattern: '^[0-9]+(KiB|MiB|GiB)?$',
  instead: () => '',
};

/**
 * A duration such as `500ms`, `25s`, `15m` or `2h`, in milliseconds.
 *
 * @param options.min - in milliseconds, as are `max` and `default`
 */
export function duration<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  return quantity(name, options, TIMES);
}

/**
 * A size such as `65536`, `64KiB` or `256MiB`, in octets.
 *
 * @param options.min - in octets, as are `max` and `default`
 */
export function size<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  return quantity(name, options, SIZES);
}

function quantity<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
  units: Units,
): VariableWith<number, Options> {
  const write = (value: number) => writeQuantity(value, units);
  const { factors, example, pattern, instead } = units;
  return variable<number, Options>(name, options, {
    accepts: `from ${write(options.min)} to ${write(options.max)}`,
    example,
    schema: { type: 'string', pattern },
    instead,
    parse(content) {
      const [, digits, unit = ''] = /^(\d{1,15})\s*([a-z]*)$/i.exec(content) ?? [];
      const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined;
      return within(options, Number(digits) * (factor ?? Number.NaN));
    },
    write,
  });
}

/** In the largest unit that gives a whole number; 0 in the smallest. */
function writeQuantity(value: number, { factors }: Units): string {
  const fitting = Object.entries(factors).filter(([, factor]) => value % factor === 0);
  const [unit, factor] = fitting.at(value === 0 ? 0 : -1) ?? ['', 1];
  return `${value / factor}${unit}`;
}

function within({ min, max }: Range, value: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}
