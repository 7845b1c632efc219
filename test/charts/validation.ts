import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from './manifests.ts';
import { KUBERNETES_VERSION } from './rendering.ts';
import { runTool } from './tools.ts';

/** What the charts may set in resources that Kubernetes itself does not know. */
export const DEFINITIONS = join(import.meta.dirname, 'definitions');

interface Finding {
  readonly status: string;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly message?: string; readonly field?: string }[];
  };
}

/**
 * Holds manifests against the schemas of Kubernetes, and of custom resources.
 *
 * @returns a sentence for each manifest that is not valid
 */
export async function validate(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const [sentences = []] = await validateAll([manifests]);
  return sentences;
}

/**
 * The same for many renderings at once, as most of the time goes into reading the schemas.
 *
 * @param definitions - the folder with the CustomResourceDefinitions
 */
export async function validateAll(
  renderings: readonly (readonly Manifest[])[],
  definitions = DEFINITIONS,
): Promise<readonly (readonly string[])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-manifests-'));
  try {
    const paths = renderings.map((_, index) => join(folder, `${index}.yaml`));
    for (const [index, manifests] of renderings.entries()) {
      const texts = manifests.map(({ content }) => JSON.stringify(content));
      await writeFile(join(folder, `${index}.yaml`), texts.join('\n---\n'));
    }
    const { stdout, stderr } = await runTool('kubectl-validate', [
      ...paths,
      `--version=${KUBERNETES_VERSION}`,
      `--local-crds=${definitions}`,
      '--output=json',
    ]);
    if (!stdout.trim()) {
      throw new Error(stderr);
    }
    const files: Readonly<Record<string, readonly Finding[]>> = JSON.parse(stdout);
    return renderings.map((manifests, index) =>
      describeFindings(files[paths[index] ?? ''] ?? [], manifests),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

function describeFindings(
  findings: readonly Finding[],
  manifests: readonly Manifest[],
): readonly string[] {
  if (findings.length !== manifests.length) {
    throw new Error(`${findings.length} of ${manifests.length} manifests were looked at`);
  }
  return findings.flatMap(({ status, message = '' }, index) => {
    const manifest = manifests[index];
    return status === 'Success' ? [] : [`${manifest?.kind} ${manifest?.name}: ${message}`];
  });
}
