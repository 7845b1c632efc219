/**
 * Loaded before a service (`--import`): when the service ends, lists what it loaded in the file that
 * `LOADED_PARTS_FILE` names.
 */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

const packages = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) {
      packages.add(name);
    }
    return nextLoad(url, context);
  },
});
process.on('exit', () => {
  const file = process.env.LOADED_PARTS_FILE;
  if (file !== undefined) {
    writeFileSync(file, JSON.stringify([...packages].sort()));
  }
});
