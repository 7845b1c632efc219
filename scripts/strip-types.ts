/**
 * Replaces each TypeScript file in the given folders by what Node would make of it at run time:
 * JavaScript beside it, and under its own name a link to that, which Node follows. Whoever imports
 * it then gets JavaScript, and Node never loads its compiler for TypeScript. For the
 * image, not for a clone: what was there is gone.
 *
 *   node scripts/strip-types.ts <folder> …
 */
import { globSync, lstatSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename } from 'node:path';
import process from 'node:process';

const folders = process.argv.slice(2);
if (folders.length === 0) {
  throw new Error('usage: node scripts/strip-types.ts <folder> …');
}
for (const path of globSync(folders.map((folder) => `${folder}/**/*.ts`))) {
  if (lstatSync(path).isFile()) {
    stripFile(path);
  }
}

function stripFile(path: string): void {
  const stripped = path.replace(/\.ts$/, '.js');
  writeFileSync(stripped, stripTypeScriptTypes(readFileSync(path, 'utf8')), { flag: 'wx' });
  unlinkSync(path);
  symlinkSync(basename(stripped), path);
}
