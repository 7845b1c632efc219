import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildServer, startChildServer } from '#test/backing/child-server.ts';

/** A Redis server of one test, for what would disturb others on a shared one. */
export class OwnRedis implements AsyncDisposable {
  readonly #program: string;
  readonly #folder: string;
  #server: ChildServer;
  #pid: number;

  private constructor(parts: {
    readonly program: string;
    readonly folder: string;
    readonly server: ChildServer;
    readonly pid: number;
  }) {
    this.#program = parts.program;
    this.#folder = parts.folder;
    this.#server = parts.server;
    this.#pid = parts.pid;
  }

  /** @param program - where `redis-server` is */
  static async start(program: string): Promise<OwnRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'awala-redis-'));
    const server = await startServer(program, folder);
    return new OwnRedis({ program, folder, server, pid: await processOf(server.port) });
  }

  /** `host:port`, the same after each restart. */
  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  async kill(): Promise<void> {
    await this.#server.stop();
  }

  /** Starts it after {@link kill}, with what is in its log or with nothing. */
  async restart({ isEmpty }: { readonly isEmpty: boolean }): Promise<void> {
    if (isEmpty) {
      await rm(join(this.#folder, 'appendonlydir'), { recursive: true, force: true });
    }
    this.#server = await startServer(this.#program, this.#folder, this.#server.port);
    this.#pid = await processOf(this.#server.port);
  }

  /** Stops it, with its connections open, until {@link resume}. */
  pause(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function startServer(program: string, folder: string, port?: number): Promise<ChildServer> {
  return startChildServer(
    program,
    (own) => [
      ...['--port', String(own), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    ],
    port,
  );
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
