import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Manifest, parseManifests } from './manifests.ts';
import { type Outcome, runTool } from './tools.ts';

const CHARTS = resolve(import.meta.dirname, '../../charts');

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
type EnvironmentName = (typeof ENVIRONMENTS)[number];

export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
export const REVISION = '0123456789abcdef0123456789abcdef01234567';

/** The oldest Kubernetes that the charts are for, and that the validator has schemas of. */
export const KUBERNETES_VERSION = '1.30';

const IMAGE = 'registry.example.org/awala/awala-gateway';

/** The variables that a release prints. */
export const RELEASE = {
  AWALA_IMAGE: IMAGE,
  AWALA_IMAGE_DIGEST: DIGEST,
  AWALA_REVISION: REVISION,
};

/** Runs helmfile for an environment of this repository, without a cluster. */
export function runHelmfile(
  environment: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = RELEASE,
): Promise<Outcome> {
  return runTool('helmfile', ['--quiet', '--environment', environment, ...args], variables);
}

/** What `helmfile template` gives for an environment. */
export async function renderEnvironment(
  environment: EnvironmentName,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly Manifest[]> {
  const outcome = await runHelmfile(
    environment,
    ['template', '--kube-version', `${KUBERNETES_VERSION}.0`],
    { ...RELEASE, ...variables },
  );
  return manifestsOf(outcome);
}

export type Chart = 'awala-gateway' | 'google-cloud';

/** Values that each chart must be given, as `--set-json` takes them; no more. */
const NEEDED: Readonly<Record<Chart, readonly string[]>> = {
  'awala-gateway': [
    'internetAddress="gateway.example.org"',
    'hosts.poweb="poweb.gateway.example.org"',
    'hosts.pohttp="pohttp.gateway.example.org"',
    'hosts.cogrpc="cogrpc.gateway.example.org"',
    `image.repository="${IMAGE}"`,
    `image.digest="${DIGEST}"`,
    `image.revision="${REVISION}"`,
    'backing.objectStore.bucket="project-one-parcels"',
    'backing.recordStore.project="project-one"',
    'backing.keyVault.identityKeyVersion="projects/p/locations/l/keyRings/r/cryptoKeys/identity/cryptoKeyVersions/1"',
    'backing.keyVault.sealingKey="projects/p/locations/l/keyRings/r/cryptoKeys/sealing"',
    'workloadIdentity.project="project-one"',
    'monitoring.runbookUrl="https://docs.example.org/runbook"',
  ],
  'google-cloud': [
    'project.id="project-one"',
    'project.number="123456789012"',
    'region="europe-west3"',
    'bucket.name="project-one-parcels"',
    'dns.zone="gateway.example.org"',
    'hosts.poweb="poweb.gateway.example.org"',
    'hosts.pohttp="pohttp.gateway.example.org"',
    'hosts.cogrpc="cogrpc.gateway.example.org"',
    'internetAddress="gateway.example.org"',
    'monitoring.email="operators@example.org"',
    'monitoring.runbookUrl="https://docs.example.org/runbook"',
  ],
};

/**
 * Runs `helm template` on one chart with what it needs.
 *
 * @param values - as `--set-json` takes them: `edge.kind="ingress"`
 */
export function runTemplate(chart: Chart, values: readonly string[] = []): Promise<Outcome> {
  return runTool('helm', ['template', 'awala', ...chartArguments(chart, values)]);
}

export function runLint(chart: Chart): Promise<Outcome> {
  const [path = '', ...rest] = chartArguments(chart, []);
  return runTool('helm', ['lint', '--strict', path, ...rest]);
}

export async function renderChart(
  chart: Chart,
  values: readonly string[] = [],
): Promise<readonly Manifest[]> {
  return manifestsOf(await runTemplate(chart, values));
}

/** What Helm prints after an installation; `helm template` itself leaves that out. */
export async function renderNotes(chart: Chart, values: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-notes-'));
  try {
    await cp(join(CHARTS, chart), folder, { recursive: true });
    const notes = join(folder, 'templates/NOTES.txt');
    const text = await readFile(notes, 'utf8');
    await rm(notes);
    await writeFile(
      join(folder, 'templates/notes.yaml'),
      `kind: Notes\ntext: |\n${text.replaceAll(/^/gm, '  ')}`,
    );
    const rendered = manifestsOf(
      await runTool('helm', ['template', 'awala', ...chartArguments(chart, values, folder)]),
    );
    return rendered.find(({ kind }) => kind === 'Notes')?.text('text') ?? '';
  } finally {
    await rm(folder, { recursive: true });
  }
}

function chartArguments(
  chart: Chart,
  values: readonly string[],
  folder = `charts/${chart}`,
): string[] {
  return [
    folder,
    '--namespace=awala',
    `--kube-version=${KUBERNETES_VERSION}.0`,
    ...[...NEEDED[chart], ...values].map((value) => `--set-json=${value}`),
  ];
}

function manifestsOf({ code, stdout, stderr }: Outcome): readonly Manifest[] {
  if (code !== 0) {
    throw new Error(stderr || stdout);
  }
  return parseManifests(stdout);
}
