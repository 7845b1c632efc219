import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolder, GatewayProcess } from '#test/end-to-end/support/gateway-process.ts';

const LOOK_MS = 250;

/** What a process takes. */
export interface Use {
  readonly rssOctets: number;
  readonly descriptors: number;
  readonly diskOctets: number;
}

/** A gateway with its defaults, in a process of its own, which is looked at all the time. */
export class WatchedGateway implements AsyncDisposable {
  readonly process: GatewayProcess;
  readonly #folder: string;
  readonly #opened: AsyncDisposableStack;
  #mostDescriptors = 0;
  #mostDiskOctets = 0;

  private constructor(process: GatewayProcess, folder: string, opened: AsyncDisposableStack) {
    this.process = process;
    this.#folder = folder;
    this.#opened = opened;
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<WatchedGateway> {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(await dataFolder());
    const process = opened.use(
      await GatewayProcess.start(folder.path, environment, { hasProbe: false }),
    );
    const gateway = new WatchedGateway(process, folder.path, opened.move());
    const looking = setInterval(() => void gateway.#look().catch(() => {}), LOOK_MS);
    gateway.#opened.defer(() => clearInterval(looking));
    return gateway;
  }

  /** What it takes now. */
  async use(): Promise<Use> {
    const rssOctets = await this.#memory('VmRSS');
    const [descriptors, diskOctets] = await Promise.all([
      this.#descriptors(),
      octetsIn(this.#folder),
    ]);
    return { rssOctets, descriptors, diskOctets };
  }

  /** The most that it took so far: of memory as the system says, of the rest as was seen. */
  async peak(): Promise<Use> {
    await this.#look();
    return {
      rssOctets: await this.#memory('VmHWM'),
      descriptors: this.#mostDescriptors,
      diskOctets: this.#mostDiskOctets,
    };
  }

  /** How many descriptors it may open. */
  async descriptorLimit(): Promise<number> {
    const limits = await readFile(`/proc/${this.process.pid}/limits`, 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  async #look(): Promise<void> {
    this.#mostDescriptors = Math.max(this.#mostDescriptors, await this.#descriptors());
    this.#mostDiskOctets = Math.max(this.#mostDiskOctets, await octetsIn(this.#folder));
  }

  async #descriptors(): Promise<number> {
    return (await readdir(`/proc/${this.process.pid}/fd`)).length;
  }

  async #memory(field: 'VmRSS' | 'VmHWM'): Promise<number> {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  }
}

/** Of all files, as the disk has them; those that go meanwhile do not count. */
async function octetsIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const octets = names.map(async (name) => {
    const found = await lstat(join(folder, name)).catch(() => null);
    return (found?.blocks ?? 0) * 512;
  });
  return (await Promise.all(octets)).reduce((sum, each) => sum + each, 0);
}
