import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { writeDebianPackage, writeTarBall } from './archives.ts';
import { obtainNode } from './node-program.ts';
import { layOut, type PackageVersion } from './tree.ts';

/** Forms of a package: for Debian, and for any other Linux. */
export const FORMS = ['tar', 'deb'] as const;

/** One of {@link FORMS}. */
type Form = (typeof FORMS)[number];

/** What to build. */
export interface BuildOptions {
  readonly architecture: Architecture;
  readonly forms: readonly Form[];
  readonly version: PackageVersion;
  /** Where the packages go; created if missing. */
  readonly output: string;
  /** Of xz, from 1 (fast) to 9 (small); 0 for no compression of Debian packages. */
  readonly level: number;
}

/** Builds packages for one architecture; resolves with their paths. */
export async function buildPackages(options: BuildOptions): Promise<readonly string[]> {
  const { architecture, forms, version, output, level } = options;
  await mkdir(output, { recursive: true });
  await using node = await obtainNode(architecture);
  const root = await mkdtemp(join(tmpdir(), 'awala-package-'));
  try {
    await layOut(join(root, 'usr'), node, version);
    const files: string[] = [];
    // The Debian package last, as it adds to what is laid out.
    for (const form of FORMS.filter((each) => forms.includes(each))) {
      const file = join(output, fileName(form, architecture, version));
      const write = form === 'deb' ? writeDebianPackage : writeTarBall;
      await write({ root, architecture, version, file, level });
      files.push(file);
    }
    return files;
  } finally {
    await rm(root, { recursive: true });
  }
}

function fileName(form: Form, architecture: Architecture, { version }: PackageVersion): string {
  return form === 'deb'
    ? `awala-gateway_${version}_${architecture}.deb`
    : `awala-gateway-${version}-linux-${architecture}.tar.xz`;
}
