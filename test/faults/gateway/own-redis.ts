import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type ChildServer, startChildServer } from '#test/backing/child-server.ts';
import { untilFollowing } from '#test/backing/redis-pair.ts';

/** A Redis server of one test, for what would disturb others on a shared one. */
export class OwnRedis implements AsyncDisposable {
  readonly #program: string;
  #master: Server;
  #replica: Server | null = null;

  private constructor(program: string, master: Server) {
    this.#program = program;
    this.#master = master;
  }

  /** @param program - where `redis-server` is */
  static async start(program: string): Promise<OwnRedis> {
    return new OwnRedis(program, await startServer(program, await newFolder()));
  }

  /** `host:port`, the same after each restart, but not after {@link failOver}. */
  get address(): string {
    return `127.0.0.1:${this.#master.child.port}`;
  }

  async kill(): Promise<void> {
    await this.#master.child.stop();
  }

  /** Starts it after {@link kill}, with what is in its log or with nothing. */
  async restart({ isEmpty }: { readonly isEmpty: boolean }): Promise<void> {
    const { folder, child } = this.#master;
    if (isEmpty) {
      await rm(join(folder, 'appendonlydir'), { recursive: true, force: true });
    }
    this.#master = await startServer(this.#program, folder, child.port);
  }

  /** Stops it, with its connections open, until {@link resume}. */
  pause(): void {
    process.kill(this.#master.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.#master.pid, 'SIGCONT');
  }

  /** Starts a replica that has all that is there now, and lags from then on: it hears of nothing more. */
  async startLaggingReplica(): Promise<void> {
    this.#replica = await startServer(this.#program, await newFolder());
    const client = new Redis(this.#replica.child.port, '127.0.0.1');
    try {
      await client.replicaof('127.0.0.1', this.#master.child.port);
      await untilFollowing(client);
      await client.replicaof('NO', 'ONE');
    } finally {
      client.disconnect();
    }
  }

  /** Loses the server; its lagging replica takes its place, at another address. */
  async failOver(): Promise<void> {
    const former = this.#master;
    this.#master = this.#replica ?? former;
    this.#replica = null;
    await endServer(former);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endServer(this.#master);
    await (this.#replica && endServer(this.#replica));
  }
}

interface Server {
  readonly folder: string;
  readonly child: ChildServer;
  readonly pid: number;
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'awala-redis-'));
}

async function endServer({ child, folder }: Server): Promise<void> {
  await child.stop();
  await rm(folder, { recursive: true, force: true });
}

async function startServer(program: string, folder: string, port?: number): Promise<Server> {
  const child = await startChildServer(
    program,
    (own) => [
      ...['--port', String(own), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
      ...['--repl-diskless-sync-delay', '0'],
    ],
    port,
  );
  return { folder, child, pid: await processOf(child.port) };
}

/** Asks the server for its process id, as the child process is only the shell that watches it. */
async function processOf(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8').write('INFO server\r\n');
  let told = '';
  for (let id = ''; ; id = /process_id:(\d+)\r/.exec(told)?.[1] ?? '') {
    if (id !== '') {
      socket.destroy();
      return Number(id);
    }
    const [piece] = await once(socket, 'data');
    told += piece;
  }
}
