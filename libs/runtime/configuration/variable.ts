/** The environment that the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The values that a variable accepts, as JSON Schema. */
interface VariableSchema {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Must also be valid in Go's `regexp`, which Helm uses. */
  readonly pattern?: string;
}

/** An environment variable: its name, its meaning, and how it becomes a value. */
export interface Variable<Value> {
  readonly name: string;
  /** A phrase for the operator. */
  readonly meaning: string;
  /** The accepted values, in words that follow “must be”; empty for any text. */
  readonly accepts: string;
  /** The same as JSON Schema, as far as that can express it. */
  readonly schema: VariableSchema;
  /** Whether the service cannot start without it. */
  readonly isRequired: boolean;
  /** The default as one would write it; null if there is none. */
  readonly defaultText: string | null;
  /**
   * @param text - the variable's content without surrounding blanks, or undefined if absent or blank
   * @throws {VariableFault} if it cannot be used
   */
  read(text: string | undefined): Value;
}

/** Why a variable is unusable, in words that follow its name. */
export class VariableFault extends Error {
  override readonly name = 'VariableFault';
}

/**
 * How to treat an absent variable: without a `default` it is required; with `default: null` its
 * value is null.
 */
export interface VariableOptions<Value> {
  readonly meaning: string;
  readonly default?: Value | null;
}

/** A variable whose value is null only if its options allow it. */
export type VariableWith<Value, Options> = Variable<
  Options extends { readonly default: null } ? Value | null : Value
>;

/** A kind of variable: what it accepts, and how it becomes a value. */
export interface Kind<Value> extends Pick<Variable<Value>, 'accepts' | 'schema'> {
  /** @returns undefined for a text that is not accepted */
  readonly parse: (text: string) => Value | undefined;
  /** An accepted value, where the words do not show its form. */
  readonly example?: string;
  /** How a default is shown; `String` if absent. */
  readonly write?: (value: Value) => string;
  /** What to write instead of a content that was refused; empty if that is unclear. */
  readonly instead?: (content: string) => string;
  /** Whether to keep the value out of messages, as it may hold a password. @default false */
  readonly isHidden?: boolean;
}

/** Declares a variable of some kind. */
export function variable<Value, Options extends VariableOptions<Value>>(
  name: string,
  options: Options,
  { accepts, schema, parse, example, write = String, instead, isHidden = false }: Kind<Value>,
): VariableWith<Value, Options> {
  const { default: fallback, meaning } = options;
  const made: Variable<Value | null> = {
    name,
    meaning,
    accepts,
    schema,
    isRequired: fallback === undefined,
    defaultText: fallback === undefined || fallback === null ? null : write(fallback),
    read(text) {
      if (text !== undefined) {
        const value = parse(text);
        if (value === undefined) {
          const such = example === undefined ? '' : ` (such as ${example})`;
          const given = isHidden ? '' : `, but is ${quote(text)}`;
          const better = instead?.(text);
          const hint = better ? `: ${better}` : '';
          throw new VariableFault(`must be ${accepts}${such}${given}${hint}`);
        }
        return value;
      }
      if (fallback === undefined) {
        throw new VariableFault(`is required: ${meaning}`);
      }
      return fallback;
    },
  };
  // It gives null for `default: null` only, which TypeScript cannot follow.
  return made as VariableWith<Value, Options>;
}

/** Cut where it is long. */
function quote(content: string): string {
  return JSON.stringify(content.length > 80 ? `${content.slice(0, 80)}…` : content);
}
