/** What the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One environment variable: how it is called, what it means, and how it becomes a value. */
export interface Variable<Value> {
  readonly name: string;
  /** One phrase for the operator. */
  readonly meaning: string;
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

/**
 * A variable whose text `parse` turns into a value.
 *
 * @param parse - throws {@link VariableFault}
 * @param write - how a default is shown to the operator
 */
export function variable<Value, Options extends VariableOptions<Value>>(
  name: string,
  options: Options,
  parse: (text: string) => Value,
  write: (value: Value) => string = String,
): VariableWith<Value, Options> {
  const { default: fallback, meaning } = options;
  const made: Variable<Value | null> = {
    name,
    meaning,
    isRequired: fallback === undefined,
    defaultText: fallback === undefined || fallback === null ? null : write(fallback),
    read(text) {
      if (text !== undefined) {
        return parse(text);
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
