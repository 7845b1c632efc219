import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** Any JSON, such as a schema or the default of a value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };
type JsonMap = { readonly [name: string]: Json };

/** A value of a chart. */
export interface ChartValue {
  /** As for `--set`, such as `edge.kind`. */
  readonly name: string;
  /** Empty if the schema says none. */
  readonly meaning: string;
  /** What it may be, in words; empty for anything. */
  readonly bounds: string;
  /** The default, set by the chart or described in its schema; undefined if unknown. */
  readonly byDefault: Json | undefined;
  /** The name of the definition that several values share; null if there is none. */
  readonly shared: string | null;
}

/** Reads the values of the chart in a folder, in the order of its schema. */
export async function readChartValues(folder: URL): Promise<readonly ChartValue[]> {
  const schema: JsonMap = JSON.parse(await readFile(new URL('values.schema.json', folder), 'utf8'));
  const defaults: JsonMap = parse(await readFile(new URL('values.yaml', folder), 'utf8'));
  return [...valuesIn({ schema, defaults, root: schema, name: '', shared: null })];
}

interface Place {
  readonly schema: JsonMap;
  readonly defaults: Json | undefined;
  /** Where references are resolved. */
  readonly root: JsonMap;
  readonly name: string;
  readonly shared: string | null;
}

function* valuesIn(place: Place): Generator<ChartValue> {
  const { schema, defaults, root, name, shared } = place;
  const reference = schema.$ref;
  if (typeof reference === 'string') {
    yield* valuesIn({ ...place, schema: lookUp(root, reference), shared: shared ?? reference });
  } else if (isMap(schema.properties) && schema.additionalProperties === false) {
    for (const [key, each] of Object.entries(schema.properties)) {
      // Helm itself puts something into `global`.
      if (isMap(each) && key !== 'global') {
        const inside = isMap(defaults) ? defaults[key] : undefined;
        const path = name === '' ? key : `${name}.${key}`;
        yield* valuesIn({ schema: each, defaults: inside, root, name: path, shared });
      }
    }
  } else {
    const meaning = typeof schema.description === 'string' ? schema.description : '';
    yield {
      name,
      meaning,
      bounds: boundsOf(schema),
      byDefault: defaults ?? schema.default,
      shared,
    };
  }
}

function lookUp(root: JsonMap, reference: string): JsonMap {
  let found: Json | undefined = root;
  for (const step of reference.split('/').slice(1)) {
    found = isMap(found) ? found[step] : undefined;
  }
  if (!isMap(found)) {
    throw new Error(`${reference} leads nowhere`);
  }
  return found;
}

function boundsOf({ enum: options, minimum, maximum }: JsonMap): string {
  if (Array.isArray(options)) {
    return options.map((each) => `\`${String(each)}\``).join(', ');
  }
  if (minimum !== undefined && maximum !== undefined) {
    return `${minimum} to ${maximum}`;
  }
  return minimum === undefined ? '' : `${minimum} at least`;
}

function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
