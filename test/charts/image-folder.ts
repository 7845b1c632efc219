import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readStages } from './dockerfile.ts';

const run = promisify(execFile);

const ROOT = new URL('../../', import.meta.url);

/** The folder that the image has as `/app`, made without an engine for containers. */
export interface ImageFolder extends AsyncDisposable {
  readonly path: string;
  /** A copy of the program that runs it, which an ordinary user may run. */
  readonly node: string;
}

/**
 * Runs the steps of the Dockerfile that fill `/app`, from an empty folder: what it copies, of what
 * `.dockerignore` lets through and git has, and its commands of Node. This clone's packages take the
 * place of those that npm would install by the same lock file. Nobody may write to the result.
 */
export async function makeImageFolder(): Promise<ImageFolder> {
  const path = await mkdtemp(join(tmpdir(), 'awala-image-'));
  const remove = async () => {
    await run('chmod', ['-R', 'u+w', path]);
    await rm(path, { recursive: true });
  };
  try {
    const app = join(path, 'app');
    const folder = join(path, 'build');
    await mkdir(folder);
    await symlink(fileURLToPath(new URL('node_modules', ROOT)), join(folder, 'node_modules'));
    await runSteps(folder);
    await rm(folder, { recursive: true });
    const node = join(path, 'node');
    await copyFile(process.execPath, node);
    await run('chmod', ['-R', 'a+rX,a-w', path]);
    await chmod(path, 0o755);
    return { path: app, node, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function runSteps(folder: string): Promise<void> {
  const [build] = await readStages(new URL('Dockerfile', ROOT));
  const context = await listContext();
  for (const { name, rest } of build?.instructions ?? []) {
    if (name === 'COPY') {
      await copy(rest.split(' '), context, folder);
    } else if (name === 'RUN' && rest.startsWith('node ')) {
      // This Node; the image's is pinned by its base.
      const [, ...args] = rest.split(' ');
      await run(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
    }
  }
}

async function copy(
  words: readonly string[],
  context: readonly string[],
  folder: string,
): Promise<void> {
  const sources = words.slice(0, -1);
  const target = words.at(-1) ?? '';
  for (const file of context) {
    const source = sources.find((each) => file === each || file.startsWith(`${each}/`));
    if (source !== undefined) {
      const to = target.endsWith('/') ? join(target, file) : file.replace(source, target);
      await mkdir(join(folder, dirname(to)), { recursive: true });
      await cp(fileURLToPath(new URL(file, ROOT)), join(folder, to), { verbatimSymlinks: true });
    }
  }
}

/** What Docker would send: the later of two lines in `.dockerignore` decides. */
async function listContext(): Promise<readonly string[]> {
  const patterns = (await readFile(new URL('.dockerignore', ROOT), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const { stdout } = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: fileURLToPath(ROOT),
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  return stdout
    .split('\0')
    .filter((file) => file !== '' && !isIgnored(file, patterns))
    .filter((file) => existsSync(new URL(file, ROOT)));
}

function isIgnored(file: string, patterns: readonly string[]): boolean {
  const folders = file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  let ignored = false;
  for (const pattern of patterns) {
    const isException = pattern.startsWith('!');
    const bare = isException ? pattern.slice(1) : pattern;
    if (folders.some((folder) => matchesGlob(folder, bare))) {
      ignored = !isException;
    }
  }
  return ignored;
}

/** All files in a folder, but for those of dependencies. */
export async function listOwnFiles(app: string): Promise<readonly string[]> {
  const entries = await readdir(app, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(app.length + 1))
    .filter((file) => !file.startsWith('node_modules/'));
}
