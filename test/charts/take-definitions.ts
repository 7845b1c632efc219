/**
 * Cuts the definitions of custom resources in test/charts/definitions/ from those that their
 * projects publish (test/charts/definition-sources.yaml), to what the charts use. What the
 * charts render must be valid by the whole definitions; otherwise nothing is written.
 *
 * Takes where from as its argument, which is asked for OWNER/REPOSITORY/VERSION/PATH; by
 * default GitHub's files.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parse, stringify } from 'yaml';
import { cutDefinition } from './cutting.ts';
import { isMap, type YamlMap } from './manifests.ts';
import { renderAll } from './renderings.ts';
import { DEFINITIONS, validateAll } from './validation.ts';

const GITHUB = 'https://raw.githubusercontent.com';

const SOURCES = resolve(DEFINITIONS, '../definition-sources.yaml');

const MOST_WAIT_MS = 60_000;

interface Source {
  readonly repository: string;
  readonly version: string;
  /** `*` stands for the name of a definition. */
  readonly path: string;
  readonly definitions: readonly string[];
}

interface Definition {
  readonly source: string;
  readonly content: YamlMap;
}

async function main(base: string): Promise<void> {
  const sources: readonly Source[] = parse(await readFile(SOURCES, 'utf8'));
  const definitions = (await Promise.all(sources.map((source) => take(source, base)))).flat();
  const renderings = (await renderAll()).map(({ manifests }) => manifests);
  const whole = await mkdtemp(join(tmpdir(), 'awala-definitions-'));
  try {
    await write(whole, definitions);
    const complaints = (await validateAll(renderings, whole)).flat();
    if (complaints.length > 0) {
      throw new Error(complaints.join('\n'));
    }
  } finally {
    await rm(whole, { recursive: true });
  }
  const resources = renderings.flat().map(({ content }) => content);
  const cut = definitions.map(({ source, content }) => ({
    source,
    content: cutDefinition(content, resources.filter(isOf(content))),
  }));
  await rm(DEFINITIONS, { recursive: true, force: true });
  await write(DEFINITIONS, cut);
  process.stdout.write(`${cut.length} definitions are in ${DEFINITIONS}\n`);
}

async function take(source: Source, base: string): Promise<Definition[]> {
  const { repository, version, path, definitions } = source;
  return Promise.all(
    definitions.map(async (name) => {
      const file = path.replace('*', name);
      const url = `${base}/${repository}/${version}/${file}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(MOST_WAIT_MS) });
      if (!response.ok) {
        throw new Error(`${url}: ${response.status}`);
      }
      const content: unknown = parse(await response.text());
      if (!isDefinition(content)) {
        throw new Error(`${url} is no CustomResourceDefinition`);
      }
      return { source: `https://github.com/${repository}/blob/${version}/${file}`, content };
    }),
  );
}

function isDefinition(content: unknown): content is YamlMap {
  return (
    typeof content === 'object' &&
    content !== null &&
    Reflect.get(content, 'kind') === 'CustomResourceDefinition'
  );
}

/** Tells which resources are of the kind that is defined. */
function isOf({ spec = '' }: YamlMap): (resource: YamlMap) => boolean {
  const { group = '', names = '' } = isMap(spec) ? spec : {};
  return ({ apiVersion, kind }) =>
    isMap(names) && kind === names.kind && String(apiVersion).startsWith(`${group}/`);
}

async function write(folder: string, definitions: readonly Definition[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { source, content } of definitions) {
    const name = isMap(content.metadata) ? content.metadata.name : '';
    await writeFile(join(folder, `${name}.yaml`), `# ${source}\n${stringify(content)}`);
  }
}

await main(process.argv[2] ?? GITHUB);
