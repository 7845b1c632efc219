/** What the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable may be, as JSON Schema has it. */
interface VariableSchema {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Of the kind that Go's `regexp` takes too, as Helm does. */
  readonly pattern?: string;
}

/** One environment variable: how it is called, what it means, and how it becomes a value. */
export interface Variable<Value> {
  readonly name: string;
  /** One phrase for the operator. */
  readonly meaning: string;
  /** What it may be, in words that go after “must be”; empty for any text. */
  readonly accepts: string;
  /** The same as JSON Schema, as far as that can say it. */
  readonly schema: VariableSchema;
  /** Whether the service cannot start without it. */
  readonly isRequired: boolean;
  /** What stands for an absent variable, as one would write it; null if there is none. */
  readonly defaultText: string | null;
  /**
   * @param text - the variable's content without surrounding blanks, or undefined if absent or blank
   * @throws {VariableFault} if it cannot be used
   */
  read(text: string | undefined): Value;
}

/** Why a variable cannot be used, in words that go after its name. */
export class VariableFault extends Error {
  override readonly name = 'VariableFault';
}

/**
 * How an absent variable is treated: without a `default` it is required; with
 * `default: null` it may be absent, and its value is null then.
 */
export interface VariableOptions<Value> {
  readonly meaning: string;
  readonly default?: Value | null;
}

/** A variable whose value may be null only if its options say so. */
export type VariableWith<Value, Options> = Variable<
  Options extends { readonly default: null } ? Value | null : Value
>;

/** What variables of one kind may be, and how they become values. */
export interface Kind<Value> extends Pick<Variable<Value>, 'accepts' | 'schema'> {
  /** @returns undefined for a text that is not accepted */
  readonly parse: (text: string) => Value | undefined;
  /** One of those that are accepted, where the words do not show how it is written. */
  readonly example?: string;
  /** How a default is shown to the operator; `String` if absent. */
  readonly write?: (value: Value) => string;
  /** Keeps what was given out of messages, as it may hold a password; false if absent. */
  readonly isHidden?: boolean;
}

export function variable<Value, Options extends VariableOptions<Value>>(
  name: string,
  options: Options,
  { accepts, schema, parse, example, write = String, isHidden = false }: Kind<Value>,
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
          throw new VariableFault(`must be ${accepts}${such}${given}`);
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
