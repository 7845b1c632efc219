import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ANY_PORT } from '#test/services/any-port.ts';
import type { Memory } from './probe.ts';

const MAIN = fileURLToPath(new URL('../../../services/standalone/main.js', import.meta.url));
const PROBE = new URL('./probe.ts', import.meta.url).href;

const PROBED = ['--expose-gc', '--import', PROBE];

/** Memory must have settled after so many measurements, of some 50 ms each. */
const MOST_QUESTIONS = 60;

/** A folder for gateways' data; disposing of it removes it. */
export async function dataFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'awala-gateway-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

interface NodeOptions {
  /** Path of Node's program. */
  readonly node?: string;
  /** Whether to load the memory probe; false if loading it would fail. */
  readonly hasProbe?: boolean;
}

/** A gateway in its own process, as by `npm start`, on ports that the system chose. */
export class GatewayProcess implements AsyncDisposable {
  readonly poweb: number;
  readonly pohttp: number;
  readonly cogrpc: number;
  readonly operations: number;
  /** What it says to type next. */
  readonly tryNext: string;
  /** What it printed before it served. */
  readonly welcome: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, welcome: string) {
    this.#child = child;
    this.welcome = welcome;
    this.poweb = portIn(welcome, 'phones');
    this.pohttp = portIn(welcome, 'Internet apps');
    this.cogrpc = portIn(welcome, 'couriers');
    this.operations = portIn(welcome, 'operators');
    this.tryNext = /Try next: +(.+)/.exec(welcome)?.[1] ?? '';
    child.stdout?.on('data', (octets) => {
      this.#output += octets;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its log since it began to serve. */
  get output(): string {
    return this.#output;
  }

  static async start(
    folder: string,
    environment: Readonly<Record<string, string>> = {},
    { node = process.execPath, hasProbe = true }: NodeOptions = {},
  ): Promise<GatewayProcess> {
    const child = fork(MAIN, {
      execPath: node,
      execArgv: ['--disable-warning=ExperimentalWarning', ...(hasProbe ? PROBED : [])],
      env: {
        PATH: '',
        DATA_DIR: folder,
        ...ANY_PORT,
        DOH_URL: 'https://127.0.0.1:9/',
        LOG_LEVEL: 'warn',
        ...environment,
      },
      silent: true,
    });
    return new GatewayProcess(child, await welcomeOf(child));
  }

  async memory(): Promise<Memory> {
    this.#child.send('memory');
    const [memory] = await once(this.#child, 'message');
    return memory as Memory;
  }

  /**
   * Fails unless the memory in use falls to `usedOctets`.
   *
   * @param mostQuestions - how often to measure, if work goes on after clients were answered
   */
  async settlesAt(usedOctets: number, mostQuestions = MOST_QUESTIONS): Promise<void> {
    let memory = await this.memory();
    for (let time = 1; time < mostQuestions && memory.usedOctets > usedOctets; time++) {
      memory = await this.memory();
    }
    assert.ok(memory.usedOctets <= usedOctets, `${JSON.stringify(memory)}: over ${usedOctets}`);
  }

  /** @returns the exit code, or the signal that ended the process */
  async end(signal: NodeJS.Signals): Promise<number | string> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) {
      return exitCode ?? signalCode ?? '';
    }
    const exit = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code, endedBy] = await exit;
    return code ?? endedBy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}

/** The process's output up to its hint on what to try next. */
async function welcomeOf(child: ChildProcess): Promise<string> {
  let printed = '';
  const { stdout, stderr } = child;
  assert.ok(stdout && stderr);
  stderr.on('data', (octets) => {
    printed += octets;
  });
  const died = once(child, 'exit').then(() => assert.fail(`the gateway ended: ${printed}`));
  const welcomed = new Promise<void>((resolve) => {
    stdout.on('data', (octets) => {
      printed += octets;
      if (printed.includes('Try next')) {
        resolve();
      }
    });
  });
  await Promise.race([welcomed, died]);
  died.catch(() => {});
  return printed;
}

function portIn(welcome: string, label: string): number {
  const port = new RegExp(`${label}\\s+(?:http://)?\\S+:(\\d+)`).exec(welcome)?.[1];
  assert.ok(port, `no port for ${label} in: ${welcome}`);
  return Number(port);
}
