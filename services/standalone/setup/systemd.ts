import { parseEnv } from 'node:util';
import type { Environment } from '#runtime/configuration/variable.ts';
import type { RunProgram } from '../running/run-program.ts';
import type { ServiceManager } from './service-manager.ts';
import { SetupError } from './setup-error.ts';

const UNIT = 'awala-gateway.service';
/** They hold the ports while the gateway restarts; which are wanted depends on who ends TLS. */
const PUBLIC_SOCKETS = ['awala-gateway-https.socket', 'awala-gateway-http.socket'];
const PROXIED_SOCKETS = ['awala-gateway-poweb.socket'];
const LAST_LINES = '12';
/** Of the log, unless `LOG_FORMAT` is another than by default. */
const QUIET = /^\[[\d:.]+\] (?:DEBUG|INFO): /;
/** Since it was started: by then it will not come up by itself. */
const MANY_RESTARTS = 3;

/** The gateway as a unit of systemd. */
export class Systemd implements ServiceManager {
  readonly #run: RunProgram;

  constructor(run: RunProgram) {
    this.#run = run;
  }

  async isRunning(): Promise<boolean> {
    return this.#isActive(UNIT, ...PUBLIC_SOCKETS);
  }

  async start({ CERTIFICATES = 'none' }: Environment): Promise<void> {
    const isProxied = CERTIFICATES === 'none';
    const wanted = isProxied ? PROXIED_SOCKETS : PUBLIC_SOCKETS;
    await this.#must('disable', '--now', ...(isProxied ? PUBLIC_SOCKETS : PROXIED_SOCKETS));
    const wasRunning = await this.#isActive(UNIT);
    const holding = await Promise.all(wanted.map((socket) => this.#isActive(socket)));
    if (wasRunning && holding.includes(false)) {
      // A socket cannot be taken over from a gateway that runs.
      await this.#must('stop', UNIT);
    }
    await this.#must('enable', '--now', ...wanted, UNIT);
    if (wasRunning && !holding.includes(false)) {
      await this.#must('restart', UNIT);
    }
  }

  async fault(): Promise<string | null> {
    const names = ['ActiveState', 'NRestarts', 'InvocationID'];
    const properties = names.map((name) => `--property=${name}`);
    const { output } = await this.#run('systemctl', ['show', ...properties, UNIT]);
    const {
      ActiveState: state = 'not there',
      NRestarts: restarts = '0',
      InvocationID: start = '',
    } = parseEnv(output);
    const isDown = !/^(?:active|activating|reloading|deactivating)$/.test(state);
    if (!isDown && Number(restarts) < MANY_RESTARTS) {
      return null;
    }
    const how = isDown ? `is ${state}` : `ended ${restarts} times`;
    return `systemd says that it ${how}. Its last words:\n${await this.#lastWords(start)}`;
  }

  /** What it said since it was started last, without what goes well before it ends. */
  async #lastWords(start: string): Promise<string> {
    const whose = start === '' ? ['-u', UNIT] : [`_SYSTEMD_INVOCATION_ID=${start}`];
    const { output } = await this.#run('journalctl', ['-n', LAST_LINES, '-o', 'cat', ...whose]);
    const lines = output.trim().split('\n');
    const telling = lines.filter((line) => !QUIET.test(line));
    return (telling.length > 0 ? telling : lines).join('\n');
  }

  /** Whether any of them is. */
  async #isActive(...units: readonly string[]): Promise<boolean> {
    return (await this.#run('systemctl', ['is-active', '--quiet', ...units])).code === 0;
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
