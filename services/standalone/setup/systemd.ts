import { parseEnv } from 'node:util';
import type { ServiceManager } from './service-manager.ts';
import { SetupError } from './setup-error.ts';

const UNIT = 'awala-gateway.service';
const SOCKET = 'awala-gateway.socket';
const LAST_LINES = '12';
/** Since it was started: by then it will not come up by itself. */
const MANY_RESTARTS = 3;

/** How a program ended. */
interface Ended {
  /** Its exit code; null if it could not be run. */
  readonly code: number | null;
  /** What it printed, on both outputs. */
  readonly output: string;
}

/** Runs a program to its end. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ended>;

/** The gateway as a unit of systemd. */
export class Systemd implements ServiceManager {
  readonly #run: RunProgram;

  constructor(run: RunProgram) {
    this.#run = run;
  }

  async isRunning(): Promise<boolean> {
    const { code } = await this.#run('systemctl', ['is-active', '--quiet', UNIT, SOCKET]);
    return code === 0;
  }

  async start(): Promise<void> {
    const wasRunning = await this.isRunning();
    await this.#must('enable', '--now', UNIT);
    if (wasRunning) {
      await this.#must('restart', UNIT);
    }
  }

  async fault(): Promise<string | null> {
    const properties = ['ActiveState', 'NRestarts'].map((name) => `--property=${name}`);
    const { output } = await this.#run('systemctl', ['show', ...properties, UNIT]);
    const { ActiveState: state = 'not there', NRestarts: restarts = '0' } = parseEnv(output);
    const isDown = !/^(?:active|activating|reloading|deactivating)$/.test(state);
    if (!isDown && Number(restarts) < MANY_RESTARTS) {
      return null;
    }
    const words = await this.#run('journalctl', ['-u', UNIT, '-n', LAST_LINES, '-o', 'cat']);
    const how = isDown ? `is ${state}` : `ended ${restarts} times`;
    return `systemd says that it ${how}. Its last words:\n${words.output.trim()}`;
  }

  async #must(...args: readonly string[]): Promise<void> {
    const { code, output } = await this.#run('systemctl', args);
    if (code !== 0) {
      throw new SetupError(
        `“systemctl ${args.join(' ')}” failed: ${output.trim() || `it ended with ${code}`}`,
        'Do what it says; “systemctl status awala-gateway” says more.',
      );
    }
  }
}
