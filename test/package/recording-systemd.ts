import type { DebianRoot } from './debian-root.ts';

/** The program itself, which enables units without a running systemd. */
export const REAL_SYSTEMCTL = '/root/systemctl';

const CALLS = '/root/systemd-calls';

/** What a Debian without a running systemd is told to ask of it: nothing happens, all is recorded. */
export class RecordingSystemd {
  readonly #root: DebianRoot;

  private constructor(root: DebianRoot) {
    this.#root = root;
  }

  static async in(root: DebianRoot): Promise<RecordingSystemd> {
    const program = `#!/bin/sh\necho "$(basename "$0") $*" >>${CALLS}\n`;
    await root.sh(`mkdir -p /run/systemd/system
      cp /usr/bin/systemctl ${REAL_SYSTEMCTL}
      for name in systemctl deb-systemd-invoke; do
        rm -f /usr/bin/$name
        printf '%s' '${program}' >/usr/bin/$name
        chmod 755 /usr/bin/$name
      done
      : >${CALLS}`);
    return new RecordingSystemd(root);
  }

  /** What was asked since the last time, without questions. */
  async takeCalls(): Promise<readonly string[]> {
    const { output } = await this.#root.sh(`cat ${CALLS}; : >${CALLS}`);
    return output
      .split('\n')
      .filter((line) => line !== '' && !/ is-(?:enabled|active) /.test(line));
  }
}
