import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RELEASE } from './rendering.ts';
import { type Outcome, obtainTool, runTool } from './tools.ts';

/**
 * A machine for helmfile on which nothing reaches a cluster: what helmfile runs is written down, and
 * what would ask a cluster or change it does no more than that.
 */
export class StandIns implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param differs - what the diff plugin says: 0 nothing differs, 1 it failed, 2 something differs */
  static async install(differs: 0 | 1 | 2): Promise<StandIns> {
    const folder = await mkdtemp(join(tmpdir(), 'awala-stand-ins-'));
    const log = join(folder, 'log');
    const plugin = join(folder, 'plugins/diff');
    await mkdir(plugin, { recursive: true });
    await writeFile(
      join(plugin, 'plugin.yaml'),
      'name: diff\nversion: 3.15.0\nusage: says what differs\ncommand: $HELM_PLUGIN_DIR/diff\n',
    );
    const scripts = {
      'plugins/diff/diff': `exit ${differs}`,
      kubectl: `echo "kubectl $*" >> ${log}`,
      helm: [
        `echo "helm $*" >> ${log}`,
        'case "$1" in upgrade | uninstall | delete | list | status) exit 0 ;; esac',
        `exec ${await obtainTool('helm')} "$@"`,
      ].join('\n'),
    };
    for (const [name, text] of Object.entries(scripts)) {
      const path = join(folder, name);
      await writeFile(path, `#!/bin/sh\n${text}\n`);
      await chmod(path, 0o755);
    }
    return new StandIns(folder);
  }

  /** Runs helmfile without a terminal: whatever it asks is answered with the end of input. */
  helmfile(args: readonly string[]): Promise<Outcome> {
    return runTool('helmfile', args, {
      PATH: `${this.#folder}:/usr/bin:/bin`,
      HOME: this.#folder,
      HELM_PLUGINS: join(this.#folder, 'plugins'),
      KUBECONFIG: join(this.#folder, 'none'),
      ...RELEASE,
    });
  }

  /** What was run since the beginning, but for what only looks at the charts themselves. */
  async commands(): Promise<readonly string[]> {
    const text = await readFile(join(this.#folder, 'log'), 'utf8');
    return text
      .split('\n')
      .filter((line) => /^kubectl |^helm (?:diff|upgrade|uninstall|delete) /.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
