/**
 * Strips the types from each TypeScript file in the given folders: writes JavaScript beside it, and
 * replaces the file by a link to that, which Node follows. So imports stay as they are, and Node never
 * loads its compiler for TypeScript. For the image, not for a clone: the sources are gone.
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
