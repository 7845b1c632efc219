import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { which } from '#test/backing/programs.ts';
import { PROGRAM_CACHE } from '#test/program-cache.ts';
import { THIS_ARCHITECTURE } from './built-packages.ts';

const MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What the package depends on, so that it installs without a network, and what tests look with. */
const PACKAGES = ['adduser', 'libatomic1', 'libstdc++6', 'strace', 'systemd'];

/** Less than a test may take, which would end it without a word of what was printed. */
const PATIENCE_MS = 600_000;

/** Debian's releases that the package is for. */
export const SUITES = ['bookworm', 'trixie'] as const;

export type Suite = (typeof SUITES)[number];

/** How a program of the root ended, and what it printed. */
export interface Ended {
  readonly status: number | string;
  readonly output: string;
}

async function run(program: string, ...args: string[]): Promise<void> {
  await promisify(execFile)(program, args, { maxBuffer: 64 * 1_024 * 1_024 });
}

/**
 * Why no Debian can be made here; null if one can. As root in CI there always must be one: a job of
 * the workflow runs these tests so.
 */
export async function whyNoDebian(): Promise<string | null> {
  if (process.getuid?.() !== 0) {
    return 'only root can install packages into a fresh Debian';
  }
  const why = await whatIsMissing();
  return process.env.CI ? null : why;
}

/** Installs debootstrap if that is what is missing. */
async function whatIsMissing(): Promise<string | null> {
  try {
    await run('unshare', '--mount', 'true');
  } catch {
    return 'mounting is not allowed here';
  }
  if (await which('debootstrap')) {
    return null;
  }
  try {
    await run('apt-get', 'update', '-q');
    await run('apt-get', 'install', '-q', '-y', '--no-install-recommends', 'debootstrap');
    return null;
  } catch {
    return 'debootstrap is missing: apt-get install debootstrap';
  }
}

/** A fresh Debian in a folder. */
export class DebianRoot implements AsyncDisposable {
  readonly path: string;
  readonly #network: string | null;

  private constructor(path: string, network: string | null) {
    this.path = path;
    this.#network = network;
  }

  /** @param network - the network namespace that its programs run in; this machine's unless given */
  static async make(suite: Suite, network: string | null = null): Promise<DebianRoot> {
    const archive = await obtainArchive(suite);
    const path = await mkdtemp(join(tmpdir(), `awala-${suite}-`));
    await run('tar', '-xf', archive, '-C', path);
    await run('chmod', '755', path);
    const root = new DebianRoot(path, network);
    // Nothing in it has to survive this machine.
    await root.sh(`echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/fast
      echo 127.0.0.1 localhost >/etc/hosts`);
    return root;
  }

  /**
   * The same Debian once more. What programs replace rather than change, as dpkg all files of
   * packages, is shared.
   */
  async copy(): Promise<DebianRoot> {
    const path = await mkdtemp(`${this.path}-`);
    await run('cp', '-al', `${this.path}/.`, path);
    for (const folder of ['etc', 'run', 'var']) {
      await run('rm', '-r', join(path, folder));
      await run('cp', '-a', join(this.path, folder), path);
    }
    return new DebianRoot(path, this.#network);
  }

  /** Starts a program in it, as root. */
  start(...command: string[]): Started {
    return new Started(this.#into(command));
  }

  /**
   * Switches it on: starts a script of the shell, as root. Whatever that starts, in the background
   * too, ends with it; at once if it is stopped by SIGKILL, as when the power fails.
   */
  switchOn(script: string): Started {
    const ofItsOwn = ['--pid', '--fork', '--kill-child'];
    return new Started(this.#into(['sh', '-c', script], ofItsOwn));
  }

  /** Runs a program in it, as root; resolves with how it ended, whatever that is. */
  async run(...command: string[]): Promise<Ended> {
    const started = this.start(...command);
    return { status: await started.exited, output: started.output };
  }

  /** Runs a script of the shell in it. */
  sh(script: string): Promise<Ended> {
    return this.run('sh', '-c', script);
  }

  /** Copies a file into its folder `/root`; resolves with the path in there. */
  async receive(file: string): Promise<string> {
    await run('cp', '-a', file, join(this.path, 'root/'));
    return `/root/${file.slice(file.lastIndexOf('/') + 1)}`;
  }

  #into(
    command: readonly string[],
    namespaces: readonly string[] = [],
  ): readonly [string, string[]] {
    const mounts = 'mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev"';
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const clean = ['env', '-i', path, 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive'];
    const script = `${mounts}; exec chroot "$0" "$@"`;
    const chroot = ['--mount', '--propagation', 'private', 'sh', '-ec', script, this.path];
    const words = ['unshare', ...namespaces, ...chroot, ...clean, ...command];
    const [program = '', ...args] =
      this.#network === null ? words : ['ip', 'netns', 'exec', this.#network, ...words];
    return [program, args];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('rm', '-rf', '--one-file-system', this.path);
  }
}

/** A program that runs in a root. */
export class Started implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | string>;
  /** What it printed so far. */
  output = '';
  #printing = Promise.withResolvers<'more'>();

  constructor([program, args]: readonly [string, string[]]) {
    this.#child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#printing.resolve('more');
        this.#printing = Promise.withResolvers();
      });
    }
    this.exited = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Resolves once it printed this so often; fails if it ends before, or takes ten minutes. */
  async printed(text: string, times = 1): Promise<void> {
    const late = pause(PATIENCE_MS, 'late' as const, { ref: false });
    while (this.output.split(text).length <= times) {
      const next = await Promise.race([this.#printing.promise, this.exited, late]);
      if (next !== 'more') {
        const what = next === 'late' ? 'took too long' : 'ended';
        throw new Error(`it ${what} before it printed “${text}”: ${this.output}`);
      }
    }
  }

  /** @returns its exit code, or the signal that ended it */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    this.#child.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** A tar ball of the root, kept for the next run: making one takes a minute and the network. */
async function obtainArchive(suite: Suite): Promise<string> {
  const name = `debian-${suite}-${THIS_ARCHITECTURE}-${PACKAGES.join('-')}.tar`;
  const archive = join(PROGRAM_CACHE, name);
  if (existsSync(archive)) {
    return archive;
  }
  await mkdir(PROGRAM_CACHE, { recursive: true });
  const root = await mkdtemp(join(tmpdir(), 'awala-debootstrap-'));
  try {
    const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`];
    await run('debootstrap', ...options, `--keyring=${KEYRING}`, suite, root, MIRROR);
    await run('chroot', root, 'apt-get', 'clean');
    const made = `${archive}.${process.pid}`;
    await run('tar', '-cf', made, '--exclude=./var/lib/apt/lists/*', '-C', root, '.');
    await rename(made, archive);
    return archive;
  } finally {
    await run('rm', '-rf', '--one-file-system', root);
  }
}
