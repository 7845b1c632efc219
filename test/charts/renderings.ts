import type { Manifest } from './manifests.ts';
import { MATRIX } from './matrix.ts';
import { ENVIRONMENTS, renderChart, renderEnvironment } from './rendering.ts';

export interface Rendering {
  readonly name: string;
  readonly manifests: readonly Manifest[];
}

/** All environments, and the gateway's chart set in every way of the matrix. */
export async function renderAll(): Promise<readonly Rendering[]> {
  const renderings: Rendering[] = [];
  for (const name of ENVIRONMENTS) {
    renderings.push({ name, manifests: await renderEnvironment(name) });
  }
  for (const { name, chart, values } of MATRIX) {
    renderings.push({ name: `${chart}, ${name}`, manifests: await renderChart(chart, values) });
  }
  return renderings;
}

/** Complaints about manifests, each with the rendering that it is from. */
export function complaints(
  renderings: readonly Rendering[],
  check: (manifests: readonly Manifest[]) => readonly string[],
): readonly string[] {
  return renderings.flatMap(({ name, manifests }) =>
    check(manifests).map((complaint) => `${name}: ${complaint}`),
  );
}

export function ofKind(manifests: readonly Manifest[], kind: string): readonly Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}
