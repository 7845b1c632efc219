import { isMap, type Yaml, type YamlMap } from './manifests.ts';

/** What a schema says of a value itself; everything else is prose, or for those who serve it. */
const CONSTRAINTS = [
  'type',
  'format',
  'nullable',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
] as const;

const COMBINATIONS = ['allOf', 'anyOf', 'oneOf', 'not'] as const;

/**
 * Cuts a CustomResourceDefinition to what holds for some resources: the versions and fields that
 * they use, with the types and bounds of these. What one of them must have stays required.
 * Defaults, descriptions, rules in CEL and the status are left out.
 *
 * @param resources - of this kind; each is valid by the whole definition
 * @throws if none of the resources is of a version that is defined
 */
export function cutDefinition(definition: YamlMap, resources: readonly YamlMap[]): YamlMap {
  const { metadata, spec } = definition;
  if (!isMap(metadata) || !isMap(spec) || !Array.isArray(spec.versions)) {
    throw new Error('no CustomResourceDefinition');
  }
  const versions = spec.versions.filter(isMap).flatMap((version) => {
    const used = resources.filter(
      ({ apiVersion }) => apiVersion === `${spec.group}/${version.name}`,
    );
    return used.length > 0 ? [cutVersion(version, used)] : [];
  });
  if (versions.length === 0) {
    throw new Error(`nothing is rendered of ${metadata.name}`);
  }
  return {
    apiVersion: definition.apiVersion ?? '',
    kind: definition.kind ?? '',
    metadata: { name: metadata.name ?? '' },
    spec: {
      group: spec.group ?? '',
      scope: spec.scope ?? '',
      names: cutNames(spec.names),
      versions: versions.map((version, index) => ({ ...version, storage: index === 0 })),
    },
  };
}

function cutNames(names: Yaml | undefined): YamlMap {
  const { kind = '', listKind = '', plural = '', singular = '' } = isMap(names) ? names : {};
  return { kind, listKind, plural, singular };
}

function cutVersion(version: YamlMap, resources: readonly YamlMap[]): YamlMap {
  const schema = isMap(version.schema) ? version.schema.openAPIV3Schema : undefined;
  if (!isMap(schema)) {
    throw new Error(`version ${version.name} has no schema`);
  }
  return {
    name: version.name ?? '',
    served: true,
    storage: false,
    schema: { openAPIV3Schema: cutSchema(schema, resources) },
  };
}

/** @param values - all that stand where this schema holds */
function cutSchema(schema: YamlMap, values: readonly Yaml[]): YamlMap {
  const { properties, required, items, additionalProperties } = schema;
  const cut: Record<string, Yaml> = {};
  for (const name of [...CONSTRAINTS, ...COMBINATIONS]) {
    if (schema[name] !== undefined) {
      cut[name] = withoutProse(schema[name]);
    }
  }
  if (isMap(properties)) {
    cut.properties = cutProperties(properties, values.filter(isMap));
    const needed = (Array.isArray(required) ? required : []).filter((name) => {
      const property = properties[String(name)];
      return !isMap(property) || property.default === undefined;
    });
    if (needed.length > 0) {
      cut.required = needed;
    }
  }
  if (isMap(items)) {
    cut.items = cutSchema(
      items,
      values.flatMap((value) => (Array.isArray(value) ? value : [])),
    );
  }
  if (isMap(additionalProperties)) {
    const members = values.filter(isMap).flatMap((value) => Object.values(value));
    cut.additionalProperties = cutSchema(additionalProperties, members);
  }
  return cut;
}

function cutProperties(properties: YamlMap, values: readonly YamlMap[]): YamlMap {
  const used = Object.entries(properties).flatMap(([name, property]) => {
    const under = values
      .filter((value) => Object.hasOwn(value, name))
      .map((value) => value[name] ?? '');
    return under.length > 0 && isMap(property) ? [[name, cutSchema(property, under)]] : [];
  });
  return Object.fromEntries(used);
}

function withoutProse(value: Yaml): Yaml {
  if (Array.isArray(value)) {
    return value.map(withoutProse);
  }
  return isMap(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([name]) => name !== 'description')
          .map(([name, each]) => [name, withoutProse(each)]),
      )
    : value;
}
