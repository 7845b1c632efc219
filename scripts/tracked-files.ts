import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Tracked files and new ones that Git does not ignore, sorted; outside a checkout, all files. */
export function listFiles(root: string): string[] {
  return (filesInGit(root) ?? globSync('**/*', { cwd: root, exclude: ['**/node_modules'] }))
    .filter((path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false)
    .sort();
}

function filesInGit(root: string): string[] | null {
  try {
    const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const output = execFileSync('git', options, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    return output.toString().split('\0').filter(Boolean);
  } catch {
    return null;
  }
}
