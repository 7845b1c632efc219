import { execFile } from 'node:child_process';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Programs that were built for the tests; kept between runs, not by git. */
const CACHE_FOLDER = resolve(import.meta.dirname, '../../.cache/charts');

const MOST_OUTPUT_OCTETS = 64 * 1024 * 1024;

/**
 * A program as Go's module proxy has it. Some modules replace others in a way that
 * `go install` does not follow: those are built in the folder of their module.
 */
interface Tool {
  readonly package: string;
  readonly module: string;
  readonly version: string;
  readonly isBuiltInFolder?: boolean;
}

const TOOLS = {
  helm: { package: 'helm.sh/helm/v3/cmd/helm', module: 'helm.sh/helm/v3', version: 'v3.22.0' },
  helmfile: {
    package: 'github.com/helmfile/helmfile',
    module: 'github.com/helmfile/helmfile',
    version: 'v1.8.0',
    isBuiltInFolder: true,
  },
  'kubectl-validate': {
    package: 'sigs.k8s.io/kubectl-validate',
    module: 'sigs.k8s.io/kubectl-validate',
    version: 'v0.0.4',
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;
export const TOOL_NAMES: readonly ToolName[] = ['helm', 'kubectl-validate', 'helmfile'];

const obtained = new Map<ToolName, Promise<string>>();

/**
 * Where a program is; builds it if this machine has not done so before, which takes
 * minutes.
 *
 * @throws if it cannot be built, such as without Go
 */
export function obtainTool(name: ToolName): Promise<string> {
  const obtaining = obtained.get(name) ?? build(name, TOOLS[name]);
  obtained.set(name, obtaining);
  return obtaining;
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
    PATH: `${join(await obtainTool('helm'), '..')}:/usr/bin:/bin`,
    ...(TMPDIR && { TMPDIR }),
    ...environment,
  };
  const options = {
    cwd: resolve(import.meta.dirname, '../..'),
    env,
    maxBuffer: MOST_OUTPUT_OCTETS,
  };
  try {
    return { code: 0, ...(await run(path, args, options)) };
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

async function build(name: ToolName, tool: Tool): Promise<string> {
  const path = join(CACHE_FOLDER, `${name}-${tool.version}`, name);
  if (await isExecutable(path)) {
    return path;
  }
  // Built beside its place, so that a build that was interrupted leaves nothing there.
  const folder = `${join(path, '..')}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: folder, GOFLAGS: '-buildvcs=false' };
  if (tool.isBuiltInFolder) {
    const target = `${tool.module}@${tool.version}`;
    const { stdout } = await run('go', ['mod', 'download', '-json', target], { env });
    const { Dir: cwd }: { readonly Dir: string } = JSON.parse(stdout);
    const out = join(folder, basename(tool.package));
    await run('go', ['build', '-mod=readonly', '-o', out, '.'], { cwd, env });
  } else {
    await run('go', ['install', `${tool.package}@${tool.version}`], { env });
  }
  await rename(folder, join(path, '..')).catch(() => rm(folder, { recursive: true }));
  return path;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
