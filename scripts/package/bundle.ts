import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Where all code is: as deep as the files that look for package.json by a relative path. */
const CODE = 'libs/bundle';

const SERVICES = ['standalone', 'poweb', 'collection', 'pohttp', 'cogrpc', 'workers'];
/** What our code starts by the name of its file. */
const STARTED = [
  'libs/sqlite/writer-thread',
  'libs/sqlite/reader-thread',
  'services/standalone/backup/data-process',
  'services/standalone/setup/page-process',
];
const PROTOCOLS = ['services/cogrpc/cogrpc.proto', 'services/cogrpc/health.proto'];

/** Old libraries expect what CommonJS gives them. */
const BANNER = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;`;

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: `node${MANIFEST.devDependencies.node}`,
  metafile: true,
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  absWorkingDir: ROOT,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** `const { A, B } = await import('package')`, which loads a package when it is needed. */
const LATE_IMPORT = /(const \{ ([\w, ]+) \} = await import\(')([@a-z][^':]*'\))/g;

/**
 * What our code does differently in a bundle. Threads and processes are started by the name of their
 * file, which has another ending. No program is started by its first line, which would ask for a Node on the
 * path. And a package that is loaded late must tell esbuild which of its names are wanted, as the
 * names of a CommonJS module are only known once it runs.
 */
const bundled: Plugin = {
  name: 'bundled',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\/(?:libs|services)\/.*\.[jt]s$/ }, async ({ path }) => {
      const isOurs = /^(?:libs|services)\//.test(relative(ROOT, path));
      return isOurs ? { loader: 'ts', contents: rewritten(await readFile(path, 'utf8')) } : null;
    });
    onResolve({ filter: /^late:/ }, ({ path }) => ({ path, namespace: 'late' }));
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
      const [, names, name] = path.split(':');
      return { contents: `export { ${names} } from '${name}';`, resolveDir: ROOT };
    });
    onResolve({ filter: /^[@a-z]/ }, ({ kind, path, importer }) => {
      const isOurs = /^(?:libs|services)\//.test(relative(ROOT, importer));
      return kind === 'dynamic-import' && isOurs && !path.startsWith('node:')
        ? { errors: [{ text: `write const { … } = await import('${path}')` }] }
        : null;
    });
  },
};

function rewritten(source: string): string {
  return source
    .replace(/^#!.*\n/, '')
    .replaceAll(/-(thread|process)\.ts'/g, "-$1.js'")
    .replaceAll(LATE_IMPORT, (_, before, names, after) => `${before}late:${names}:${after}`);
}

/** What went into a bundle. */
export interface Bundle {
  /** The folders of the packages whose code it contains, relative to this clone. */
  readonly packages: readonly string[];
}

/**
 * Writes the programs of all services into `folder`, as JavaScript with all the code that they
 * need, so that `node services/<name>/main.js` runs there. The same sources give the same octets.
 */
export async function writeBundle(folder: string): Promise<Bundle> {
  const code = join(folder, CODE);
  const programs = await build({
    ...OPTIONS,
    entryPoints: [
      ...SERVICES.map((name) => ({ in: `services/${name}/main.js`, out: name })),
      ...STARTED.map((path) => ({ in: `${path}.ts`, out: basename(path) })),
    ],
    outdir: code,
    format: 'esm',
    splitting: true,
    banner: { js: BANNER },
    plugins: [bundled],
  });
  const pretty = await writePretty(folder);
  for (const name of SERVICES) {
    const main = join(folder, 'services', name);
    await mkdir(main, { recursive: true });
    await writeFile(join(main, 'main.js'), `import '../../${CODE}/${name}.js';\n`);
  }
  for (const path of PROTOCOLS) {
    await cp(join(ROOT, path), join(code, path.slice(path.lastIndexOf('/'))));
  }
  await writeManifest(folder);
  return { packages: packagesIn(programs.metafile, pretty.metafile) };
}

/** Loaded by its name, and only where someone reads the log. */
async function writePretty(folder: string) {
  const target = join(folder, 'node_modules/pino-pretty');
  const built = await build({
    ...OPTIONS,
    entryPoints: ['node_modules/pino-pretty/index.js'],
    outfile: join(target, 'index.js'),
    format: 'cjs',
  });
  await writeFile(join(target, 'package.json'), '{"main":"index.js","type":"commonjs"}\n');
  return built;
}

async function writeManifest(folder: string): Promise<void> {
  const { name, version, license } = MANIFEST;
  const text = JSON.stringify({ name, version, license, private: true, type: 'module' }, null, 2);
  await writeFile(join(folder, 'package.json'), `${text}\n`);
}

function packagesIn(...metafiles: readonly Metafile[]): readonly string[] {
  const paths = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
    ),
  );
  const folders = paths.flatMap((path) => {
    const match = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(relative(ROOT, join(ROOT, path)));
    return match ? [match[0]] : [];
  });
  return [...new Set(folders)].sort();
}
