import { nearName } from './near-names.ts';
import { type Environment, type Variable, VariableFault } from './variable.ts';

/** Variables by the names of their values, in groups of any depth. */
export interface Variables {
  readonly [name: string]: Variable<unknown> | Variant<string, Variants> | Variables;
}

/** The variables of each choice. */
type Variants = Readonly<Record<string, Variables>>;

/** The values of {@link Variables} once read. */
export type Values<Group> =
  Group extends Variable<infer Value>
    ? Value
    : Group extends Variant<infer Kind, infer Groups>
      ? { [K in Kind]: { readonly kind: K } & Values<Groups[K]> }[Kind]
      : { readonly [Name in keyof Group]: Values<Group[Name]> };

/** A choice, with the variables of each option. */
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

/** The environment lacks what a service needs. The message names every fault. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION';
  /** One per unusable variable: its name, what is wrong, what to do. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  ${fault}\n`).join('')}`);
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

/**
 * Reads every variable, and freezes the values.
 *
 * Blank variables count as absent. Unknown ones are ignored, unless they are nearly called like one
 * of these that is absent.
 *
 * @throws {ConfigurationError} naming all unusable variables
 */
export function readConfiguration<const Group extends Variables>(
  environment: Environment,
  variables: Group,
): Values<Group> {
  const faults: string[] = [];
  const values = readGroup(environment, variables, faults);
  faults.push(...misspeltIn(environment, variables));
  if (faults.length > 0) {
    throw new ConfigurationError([...new Set(faults)]);
  }
  // The types follow the structure that readGroup walks, which TypeScript cannot see.
  return values as Values<Group>;
}

/**
 * A variable with the choices that it is read with, such as `OBJECT_STORE=gcs`; none if it is
 * always read.
 */
export interface ListedVariable {
  readonly variable: Variable<unknown>;
  readonly choices: readonly string[];
}

/** The variables of a group and its subgroups, each name once. */
export function listVariables(variables: Variables): readonly Variable<unknown>[] {
  return listWithChoices(variables).map(({ variable }) => variable);
}

/** The same, with the choices that each is read with. */
export function listWithChoices(variables: Variables): readonly ListedVariable[] {
  const byName = Map.groupBy(itemsIn(variables), ({ variable }) => variable.name);
  return [...byName.values()].flatMap((items) => {
    const choices = new Set(items.flatMap((item) => item.choices));
    return items.slice(-1).map(({ variable }) => ({ variable, choices: [...choices] }));
  });
}

function itemsIn(variables: Variables): readonly ListedVariable[] {
  return Object.values(variables).flatMap((item): readonly ListedVariable[] => {
    if (isVariable(item)) {
      return [{ variable: item, choices: [] }];
    }
    return isVariant(item)
      ? [{ variable: item.choice, choices: [] }, ...itemsOf(item)]
      : itemsIn(item);
  });
}

function itemsOf({ choice, groups }: Variant<string, Variants>): readonly ListedVariable[] {
  return Object.entries(groups).flatMap(([kind, group]) =>
    itemsIn(group).map(({ variable }) => ({ variable, choices: [`${choice.name}=${kind}`] })),
  );
}

function misspeltIn(environment: Environment, variables: Variables): readonly string[] {
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const names = listVariables(variables).map(({ name }) => name);
  const unset = names.filter((name) => !isSet(name));
  return Object.keys(environment).flatMap((name) => {
    const meant = isSet(name) && !names.includes(name) ? nearName(name, unset) : null;
    return meant === null
      ? []
      : [
          `${name} is unknown, but nearly ${meant}: rename it or remove it, or, if it is not for us, set both`,
        ];
  });
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
