/**
 * Writes the programs of all services with all code that they need into a folder, as JavaScript:
 * what packages and the image contain, besides Node.
 *
 *   node scripts/bundle.ts <folder>
 */
import { resolve } from 'node:path';
import process from 'node:process';
import { writeBundle } from './package/bundle.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  throw new Error('usage: node scripts/bundle.ts <folder>');
}
await writeBundle(resolve(folder));
