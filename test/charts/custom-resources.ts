import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { isMap, type Yaml, type YamlMap } from './manifests.ts';

const FOLDER = join(import.meta.dirname, 'schemas');

const TYPES: Readonly<Record<string, Yaml>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  map: { type: 'object', additionalProperties: { type: 'string' } },
};

/**
 * Writes a CustomResourceDefinition into a folder for each kind in `schemas/`, as
 * `kubectl-validate` takes them.
 *
 * @see schemas/README.md
 */
export async function writeDefinitions(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for await (const path of glob('*.yaml', { cwd: FOLDER })) {
    const file: YamlMap = parse(await readFile(join(FOLDER, path), 'utf8'));
    const { group, version, kinds, definitions = {} } = file;
    if (!isMap(kinds) || !isMap(definitions)) {
      throw new Error(`${path} has no kinds`);
    }
    for (const [kind, spec] of Object.entries(kinds)) {
      const definition = defineResource({
        group: String(group),
        version: String(version),
        kind,
        spec: schemaOf(spec, definitions),
      });
      await writeFile(join(folder, `${group}-${version}-${kind}.yaml`), stringify(definition));
    }
  }
}

function defineResource(resource: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly spec: Yaml;
}): Yaml {
  const { group, version, kind, spec } = resource;
  const plural = `${kind.toLowerCase()}s`;
  const schema = {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } },
      ],
    },
  };
}

function schemaOf(notation: Yaml | undefined, definitions: YamlMap): Yaml {
  if (Array.isArray(notation)) {
    return { type: 'array', items: schemaOf(notation[0], definitions) };
  }
  if (isMap(notation)) {
    return schemaOfMap(notation, definitions);
  }
  const text = String(notation);
  if (text.startsWith('$')) {
    return schemaOf(definitions[text.slice(1)], definitions);
  }
  if (text.startsWith('=')) {
    return { type: 'string', enum: text.slice(1).split('|') };
  }
  if (text.startsWith('~')) {
    return { type: 'string', pattern: text.slice(1) };
  }
  const known = TYPES[text];
  if (!known) {
    throw new Error(`“${text}” is not in the notation`);
  }
  return known;
}

function schemaOfMap(notation: YamlMap, definitions: YamlMap): Yaml {
  const names = Object.keys(notation);
  const properties = Object.fromEntries(
    Object.entries(notation).map(([name, each]) => [
      name.replace('!', ''),
      schemaOf(each, definitions),
    ]),
  );
  const required = names.filter((name) => name.endsWith('!')).map((name) => name.replace('!', ''));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}
