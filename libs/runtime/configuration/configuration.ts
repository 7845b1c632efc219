import { type Environment, type Variable, VariableFault } from './variable.ts';

/** Variables by the names under which their values are wanted, in groups as deep as one likes. */
export interface Variables {
  readonly [name: string]: Variable<unknown> | Variant<string, Variants> | Variables;
}

/** The variables that each of several choices brings along. */
type Variants = Readonly<Record<string, Variables>>;

/** What becomes of {@link Variables} once they are read. */
export type Values<Group> =
  Group extends Variable<infer Value>
    ? Value
    : Group extends Variant<infer Kind, infer Groups>
      ? { [K in Kind]: { readonly kind: K } & Values<Groups[K]> }[Kind]
      : { readonly [Name in keyof Group]: Values<Group[Name]> };

/** A choice together with what each option needs to know. */
interface Variant<Kind extends string, Groups extends Variants> {
  readonly choice: Variable<Kind>;
  readonly groups: Groups;
}

/**
 * A variable that chooses among groups of variables, of which only the chosen one
 * is read: its values come with the choice itself as `kind`.
 *
 * ```ts
 * variant(choice('OBJECT_STORE', ['filesystem', 'gcs'], …), {
 *   filesystem: { folder: text('DATA_DIR', …) },
 *   gcs: { bucket: text('GCS_BUCKET', …) },
 * })
 * ```
 */
export function variant<Kind extends string, const Groups extends Record<Kind, Variables>>(
  choice: Variable<Kind>,
  groups: Groups,
): Variant<Kind, Groups> {
  return { choice, groups };
}

/** The environment does not hold what a service needs. The message names every fault. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION';
  /** One for each variable that cannot be used: its name, what is wrong, what to do. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  ${fault}\n`).join('')}`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

/**
 * Reads every variable and freezes the values.
 *
 * Variables that are blank count as absent; those that nobody asked for are ignored.
 *
 * @throws {ConfigurationError} naming all the variables that cannot be used
 */
export function readConfiguration<const Group extends Variables>(
  environment: Environment,
  variables: Group,
): Values<Group> {
  const faults: string[] = [];
  const values = readGroup(environment, variables, faults);
  if (faults.length > 0) {
    throw new ConfigurationError([...new Set(faults)]);
  }
  // The types follow the structure that readGroup walks, which TypeScript cannot see.
  return values as Values<Group>;
}

/** The variables of a group and of the groups in it, each name once. */
export function listVariables(variables: Variables): readonly Variable<unknown>[] {
  const found = Object.values(variables).flatMap((item): readonly Variable<unknown>[] => {
    if (isVariable(item)) {
      return [item];
    }
    return isVariant(item)
      ? [item.choice, ...Object.values(item.groups).flatMap(listVariables)]
      : listVariables(item);
  });
  return [...new Map(found.map((item) => [item.name, item])).values()];
}

function readGroup(environment: Environment, variables: Variables, faults: string[]): object {
  const entries = Object.entries(variables).map(([key, item]) => {
    if (isVariable(item)) {
      return [key, readVariable(environment, item, faults)];
    }
    return [
      key,
      isVariant(item)
        ? readVariant(environment, item, faults)
        : readGroup(environment, item, faults),
    ];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function readVariant(
  environment: Environment,
  { choice, groups }: Variant<string, Variants>,
  faults: string[],
): object {
  const kind = readVariable(environment, choice, faults);
  const group = typeof kind === 'string' ? groups[kind] : undefined;
  return Object.freeze({ kind, ...(group && readGroup(environment, group, faults)) });
}

function readVariable(
  environment: Environment,
  item: Variable<unknown>,
  faults: string[],
): unknown {
  try {
    return item.read(environment[item.name]?.trim() || undefined);
  } catch (error) {
    if (!(error instanceof VariableFault)) {
      throw error;
    }
    faults.push(`${item.name} ${error.message}`);
    return undefined;
  }
}

type Item = Variables[string];

function isVariable(item: Item): item is Variable<unknown> {
  return 'read' in item && typeof item.read === 'function';
}

function isVariant(item: Item): item is Variant<string, Variants> {
  return 'choice' in item && 'groups' in item;
}
