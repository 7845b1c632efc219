import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LinkForm } from '../simulated-link.ts';

const run = promisify(execFile);

const FORWARDER = fileURLToPath(new URL('shaped-link.py', import.meta.url));

/** What the link queues before it drops packets: some tenths of a second, or what routers have at least. */
const QUEUE_S = 0.3;
const LEAST_QUEUE_OCTETS = 50_000;

export interface LossyLinkForm extends LinkForm {
  /** Of the packets, each way. */
  readonly lossPercent: number;
}

/** @returns why there can be no such link here; null if there can */
export async function whyNoShapedLink(): Promise<string | null> {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    await run('python3', ['--version']);
    const probe = `awala-probe-${process.pid}`;
    await run('ip', ['netns', 'add', probe]);
    await run('ip', ['netns', 'delete', probe]);
    return null;
  } catch (error) {
    return `network namespaces and /dev/net/tun are not allowed here, or python3 or ip is missing: ${error}`;
  }
}

/** Two network namespaces with a link between them whose form can be changed. */
export class ShapedLink implements AsyncDisposable {
  readonly namespaces: readonly [string, string];
  readonly #forwarder: ChildProcess;

  private constructor(namespaces: readonly [string, string], forwarder: ChildProcess) {
    this.namespaces = namespaces;
    this.#forwarder = forwarder;
  }

  static async open(): Promise<ShapedLink> {
    const namespaces = [`awala-a-${process.pid}`, `awala-b-${process.pid}`] as const;
    for (const namespace of namespaces) {
      await run('ip', ['netns', 'add', namespace]);
    }
    const forwarder = spawn('python3', [FORWARDER, ...namespaces], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const link = new ShapedLink(namespaces, forwarder);
    await link.#ready();
    return link;
  }

  async become(form: LossyLinkForm): Promise<void> {
    const { bitsPerSecond, roundTripMs, lossPercent } = form;
    const queueOctets = Math.max(LEAST_QUEUE_OCTETS, (bitsPerSecond / 8) * QUEUE_S);
    this.#forwarder.stdin?.write(`${bitsPerSecond} ${roundTripMs} ${lossPercent} ${queueOctets}\n`);
    await this.#ready();
  }

  /** @throws if the forwarder ended instead */
  async #ready(): Promise<void> {
    const { stdout } = this.#forwarder;
    if (stdout) {
      const lines = createInterface({ input: stdout });
      const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
      lines.close();
      if (line !== 'ready') {
        throw new Error('the forwarder of packets ended');
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#forwarder.stdin?.end();
    if (this.#forwarder.exitCode === null) {
      await once(this.#forwarder, 'exit');
    }
    for (const namespace of this.namespaces) {
      await run('ip', ['netns', 'delete', namespace]);
    }
  }
}
