/**
 * Fails on an import that its folder may not make, a package that is imported but not shipped, the
 * environment read outside a main.js, input or output in the protocol library, and a mention of a
 * folder that no clone has.
 *
 * Takes the root of the tree as its argument; by default, the working folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checkFile, type Manifest, type Violation } from './arrows/rules.ts';
import { SourceFile } from './arrows/source-file.ts';
import { listFiles } from './tracked-files.ts';

/** In two parts, so that this file does not mention it. */
const FOLDER_OUTSIDE = ['..', 'shared'].join('/');

const CHECKED_FOLDERS = /^(?:libs|scripts|services|test)\//;

function main(root: string): void {
  const manifest = readManifest(root);
  const violations = listFiles(root).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const mentions = checkMentions(path, text);
    return CHECKED_FOLDERS.test(path) && /\.[jt]s$/.test(path)
      ? [...checkFile(new SourceFile(path, text), manifest), ...mentions]
      : mentions;
  });
  for (const { path, line, complaint } of violations) {
    process.stdout.write(`${path}:${line}: ${complaint}\n`);
  }
  process.exitCode = violations.length > 0 ? 1 : 0;
}

function checkMentions(path: string, text: string): Violation[] {
  if (!text.includes(FOLDER_OUTSIDE)) {
    return [];
  }
  const complaint = `mentions ${FOLDER_OUTSIDE}, which a clone does not have`;
  return text
    .split('\n')
    .flatMap((content, index) => (content.includes(FOLDER_OUTSIDE) ? [index + 1] : []))
    .map((line) => ({ path, line, complaint }));
}

function readManifest(root: string): Manifest {
  const manifest: Partial<Manifest> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return { imports: manifest.imports ?? {}, dependencies: manifest.dependencies ?? {} };
}

main(process.argv[2] ?? process.cwd());
