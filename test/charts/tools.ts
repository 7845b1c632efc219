import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { PROGRAM_CACHE } from '#test/program-cache.ts';

const run = promisify(execFile);

const MOST_OUTPUT_OCTETS = 64 * 1024 * 1024;
/** Of one module, on a slow machine. */
const MOST_BUILD_MS = 20 * 60_000;

/** Go modules that pin programs and all that they are made of, each with the programs it builds. */
const MODULES = {
  helm: ['helm', 'helmfile'],
  validator: ['kubectl-validate'],
} as const;

type ModuleName = keyof typeof MODULES;
export type ToolName = (typeof MODULES)[ModuleName][number];

/** What Helm renders for when it is not told: as in its own builds, that of its client, in its go.mod. */
const HELM_VERSION_OF = 'helm.sh/helm/v3/pkg/chartutil.k8sVersion';
const HELM_RENDERS_FOR = `-X ${HELM_VERSION_OF}Major=1 -X ${HELM_VERSION_OF}Minor=35`;

/**
 * How they are built: without the clients of clouds that helmfile could take values from, without
 * what debuggers need, and unoptimised, as building takes longer than they ever run.
 */
const BUILD_FLAGS = [
  '-tags=custom_providers',
  '-trimpath',
  `-ldflags=-s -w ${HELM_RENDERS_FOR}`,
  '-gcflags=all=-N -l',
] as const;

const GO_IS_MISSING =
  'Helm, helmfile and kubectl-validate are built by Go, which is not there: install Go 1.21 or later ' +
  '(https://go.dev/doc/install, or apt-get install golang-go; it fetches the version it needs by itself).';

const built = new Map<ModuleName, Promise<string>>();

/** Builds all programs that this machine has not built before, which takes minutes. */
export async function buildTools(): Promise<void> {
  // One after the other: the first one compiles on all processors.
  for (const module of ['helm', 'validator'] as const) {
    await obtainModule(module);
  }
}

/**
 * Where a program is; builds it if this machine has not done so before.
 *
 * @throws if it cannot be built, such as without Go
 */
export async function obtainTool(name: ToolName): Promise<string> {
  return join(await obtainModule(name === 'kubectl-validate' ? 'validator' : 'helm'), name);
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is, in the root of the repository. */
export async function runTool(
  name: ToolName,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const path = await obtainTool(name);
  const { HOME = '/', TMPDIR } = process.env;
  const env = {
    HOME,
    // helmfile runs helm.
    PATH: `${await obtainModule('helm')}:/usr/bin:/bin`,
    ...(TMPDIR && { TMPDIR }),
    ...environment,
  };
  const options = {
    cwd: resolve(import.meta.dirname, '../..'),
    env,
    maxBuffer: MOST_OUTPUT_OCTETS,
  };
  const running = run(path, args, options);
  // What it asks for is answered with the end of input.
  running.child.stdin?.end();
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    return readOutcome(error);
  }
}

function readOutcome(error: unknown): Outcome {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
    const { code } = error;
    const [stdout, stderr] = ['stdout', 'stderr'].map((name) => String(Reflect.get(error, name)));
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
  throw error;
}

/** The folder with the programs of a module. */
function obtainModule(name: ModuleName): Promise<string> {
  const obtaining = built.get(name) ?? build(name);
  built.set(name, obtaining);
  return obtaining;
}

async function build(name: ModuleName): Promise<string> {
  const source = join(import.meta.dirname, 'tools', name);
  const folder = join(PROGRAM_CACHE, `charts-${name}-${await fingerprint(source)}`);
  const programs = MODULES[name].map((program) => join(folder, program));
  if ((await Promise.all(programs.map(isExecutable))).every(Boolean)) {
    return folder;
  }
  const startedMs = Date.now();
  process.stderr.write(`charts: building ${MODULES[name].join(' and ')}\n`);
  // Built beside its place, so that a build that was interrupted leaves nothing there.
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await install(source, unfinished);
    await rename(unfinished, folder).catch(() => undefined);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  process.stderr.write(`charts: built in ${Math.round((Date.now() - startedMs) / 1_000)} s\n`);
  return folder;
}

/** Changes with the version of anything that is built, and with how. */
async function fingerprint(source: string): Promise<string> {
  const hash = createHash('sha256').update(BUILD_FLAGS.join(' '));
  for (const file of ['go.mod', 'go.sum']) {
    hash.update(await readFile(join(source, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function install(source: string, folder: string): Promise<void> {
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOBIN: folder,
    GOFLAGS: '-mod=readonly -buildvcs=false',
  };
  const options = { cwd: source, env, timeout: MOST_BUILD_MS };
  try {
    await run('go', ['install', ...BUILD_FLAGS, 'tool'], options);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw isMissing ? new Error(GO_IS_MISSING) : error;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
