import { Secret } from './secret.ts';
import { VariableFault, type VariableOptions, type VariableWith, variable } from './variable.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/** @param options.pattern - what the text must match whole; `format` says it in words */
export function text<const Options extends VariableOptions<string>>(
  name: string,
  options: Options & { readonly pattern?: RegExp; readonly format?: string },
): VariableWith<string, Options> {
  return variable<string, Options>(name, options, (content) => {
    if (options.pattern && !options.pattern.test(content)) {
      throw new VariableFault(
        `must be ${options.format ?? options.pattern}, but is ${show(content)}`,
      );
    }
    return content;
  });
}

/** A password or the like: it appears in no message, and in no log by accident. */
export function secret<const Options extends VariableOptions<Secret>>(
  name: string,
  options: Options,
): VariableWith<Secret, Options> {
  return variable<Secret, Options>(name, options, (content) => new Secret(content));
}

export function integer<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  const { min, max } = options;
  return variable<number, Options>(name, options, (content) => {
    const value = /^-?\d{1,15}$/.test(content) ? Number(content) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new VariableFault(
        `must be a whole number from ${min} to ${max}, but is ${show(content)}`,
      );
    }
    return value;
  });
}

/** A TCP port to listen on; 0 lets the system choose one. */
export function port<const Options extends VariableOptions<number>>(
  name: string,
  options: Options,
): VariableWith<number, Options> {
  return integer(name, { ...options, min: 0, max: 65_535 });
}

export function boolean<const Options extends VariableOptions<boolean>>(
  name: string,
  options: Options,
): VariableWith<boolean, Options> {
  return variable<boolean, Options>(name, options, (content) => {
    const lowered = content.toLowerCase();
    if (lowered !== 'true' && lowered !== 'false') {
      throw new VariableFault(`must be true or false, but is ${show(content)}`);
    }
    return lowered === 'true';
  });
}

export function choice<const Option extends string, const Options extends VariableOptions<Option>>(
  name: string,
  possible: readonly Option[],
  options: Options,
): VariableWith<Option, Options> {
  return variable<Option, Options>(name, options, (content) => {
    const chosen = possible.find((option) => option === content);
    if (chosen === undefined) {
      throw new VariableFault(`must be one of ${possible.join(', ')}, but is ${show(content)}`);
    }
    return chosen;
  });
}

/**
 * An absolute URL. Its content appears in no message, as it may hold a password.
 *
 * @param options.protocols - those allowed, each with its colon, such as `https:`
 */
export function url<const Options extends VariableOptions<URL>>(
  name: string,
  options: Options & { readonly protocols: readonly string[] },
): VariableWith<URL, Options> {
  const { protocols } = options;
  return variable<URL, Options>(name, options, (content) => {
    const value = URL.parse(content);
    if (!value || !protocols.includes(value.protocol)) {
      throw new VariableFault(`must be a URL that starts with ${protocols.join(' or ')}`);
    }
    return value;
  });
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * A span of time such as `500ms`, `25s`, `15m` or `2h`, in milliseconds.
 *
 * @param options.min - in milliseconds, as are `max` and `default`
 */
export function duration<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  return quantity(name, { ...options, units: UNITS_MS, example: '25s' });
}

const UNITS_OCTETS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};

/**
 * A size such as `65536`, `64KiB` or `256MiB`, in octets.
 *
 * @param options.min - in octets, as are `max` and `default`
 */
export function size<const Options extends VariableOptions<number>>(
  name: string,
  options: Options & Range,
): VariableWith<number, Options> {
  return quantity(name, { ...options, units: UNITS_OCTETS, example: '64MiB' });
}

function quantity<const Options extends VariableOptions<number>>(
  name: string,
  options: Options &
    Range & { readonly units: Readonly<Record<string, number>>; readonly example: string },
): VariableWith<number, Options> {
  const { units, example, min, max } = options;
  const write = (value: number) => writeQuantity(value, units);
  const parse = (content: string) => {
    const [, digits, unit] = /^(\d{1,15})\s*([a-z]*)$/i.exec(content) ?? [];
    const factor = Object.hasOwn(units, unit ?? '') ? units[unit ?? ''] : undefined;
    const value =
      digits !== undefined && factor !== undefined ? Number(digits) * factor : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new VariableFault(
        `must be from ${write(min)} to ${write(max)} (such as ${example}), but is ${show(content)}`,
      );
    }
    return value;
  };
  return variable<number, Options>(name, options, parse, write);
}

/** In the largest unit that leaves a whole number. */
function writeQuantity(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, factor]) => value % factor === 0);
  const [unit, factor] = fitting.at(-1) ?? ['', 1];
  return `${value / factor}${unit}`;
}

/** Quoted, and cut where it is long. */
function show(content: string): string {
  return JSON.stringify(content.length > 80 ? `${content.slice(0, 80)}…` : content);
}
