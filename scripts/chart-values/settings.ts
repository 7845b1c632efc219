import { SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { listVariables } from '#runtime/configuration/configuration.ts';
import type { Variable } from '#runtime/configuration/variable.ts';
import { SERVICES } from '../configuration/programs.ts';
import type { Json } from './schema.ts';

type JsonMap = { readonly [name: string]: Json };

/** Where the chart allows less than the service: in the cloud, no DNS queries in the clear. */
const NARROWER: Readonly<Record<string, JsonMap>> = { DOH_URL: { pattern: '^https://.+' } };

/** Variables that have no place in a cluster. */
const FOR_DEVELOPERS = ['DELIVERY_OVERRIDES'];

/** Variables that other values of the chart set. */
const DECIDED_ELSEWHERE = listVariables({
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
}).map(({ name }) => name);

/** The schema of each service's `services.<name>.settings`: its variables that an operator may set and no other value sets. */
export function settingsSchemas(): Readonly<Record<string, JsonMap>> {
  return Object.fromEntries(
    Object.entries(SERVICES).map(([service, variables]) => {
      const settable = listVariables(variables).filter(
        ({ name }) =>
          !FOR_DEVELOPERS.includes(name) &&
          !DECIDED_ELSEWHERE.includes(name) &&
          !name.endsWith('_PORT'),
      );
      return [service, Object.fromEntries(settable.map((each) => [each.name, schemaOf(each)]))];
    }),
  );
}

function schemaOf({ name, meaning, schema, defaultText }: Variable<unknown>): JsonMap {
  const { type, ...bounds } = schema;
  return {
    type,
    ...bounds,
    ...NARROWER[name],
    ...(defaultText !== null &&
      defaultText !== '' && { default: type === 'string' ? defaultText : JSON.parse(defaultText) }),
    description: meaning,
  };
}
