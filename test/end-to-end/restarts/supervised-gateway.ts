import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../services/standalone/main.js', import.meta.url));

/**
 * Holds the listening sockets that it was given, and starts the program again whenever it ends; as systemd does
 * with a socket unit and `Restart=always`. The program's process id is that of the inner shell.
 */
const SUPERVISOR = `
while :; do
  sh -c 'echo "pid $$"; LISTEN_PID=$$ exec "$@"' sh "$@"
  echo "exit $?"
done`;

/** `npm start` under a parent that holds its listening sockets over restarts. */
export class SupervisedGateway implements AsyncDisposable {
  /** Of PoWeb and collection, or the public one. */
  readonly port: number;
  readonly #supervisor: ChildProcess;
  #output = '';
  #pid: number | null = null;
  #wake = () => {};

  private constructor(supervisor: ChildProcess, port: number) {
    this.#supervisor = supervisor;
    this.port = port;
    for (const stream of [supervisor.stdout, supervisor.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    const kill = () => this.#kill();
    process.once('exit', kill);
    supervisor.once('exit', () => {
      process.off('exit', kill);
      this.#wake();
    });
  }

  /**
   * Resolves once it serves.
   *
   * @param environment - variables that differ from the defaults; with a certificate, only public
   * sockets are passed
   */
  static async start(
    folder: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<SupervisedGateway> {
    const isPublic = environment.CERTIFICATES !== undefined;
    const names = isPublic ? ['https', 'http'] : ['poweb', 'pohttp', 'cogrpc', 'operations'];
    const sockets = await Promise.all(names.map(listen));
    const env = {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      DOH_URL: 'https://127.0.0.1:9/',
      LOG_LEVEL: 'warn',
      ...environment,
      LISTEN_FDS: `${sockets.length}`,
      LISTEN_FDNAMES: names.join(':'),
    };
    const program = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN];
    const supervisor = spawn('sh', ['-c', SUPERVISOR, 'sh', ...program], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', ...sockets.map(descriptorOf)],
    });
    await once(supervisor, 'spawn');
    const [port = 0] = sockets.map((socket) => (socket.address() as AddressInfo).port);
    // Or this process would accept connections, too.
    await Promise.all(sockets.map(close));
    const gateway = new SupervisedGateway(supervisor, port);
    await gateway.#until(/Try next/);
    return gateway;
  }

  /** Tells it to stop; resolves once it serves again. @returns its exit code */
  async restart(): Promise<number> {
    const pid = this.#pid;
    assert.ok(pid, this.#output);
    this.#output = '';
    process.kill(pid, 'SIGTERM');
    await this.#until(/exit \d+[\s\S]*Try next/);
    return Number(/exit (\d+)/.exec(this.#output)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#supervisor, 'exit');
    this.#kill();
    await exited;
  }

  #take(text: string): void {
    this.#output += text;
    for (const [, what, number] of text.matchAll(/^(pid|exit) (\d+)$/gm)) {
      this.#pid = what === 'pid' ? Number(number) : null;
    }
    this.#wake();
  }

  #kill(): void {
    this.#supervisor.kill('SIGKILL');
    if (this.#pid !== null) {
      process.kill(this.#pid, 'SIGKILL');
    }
  }

  async #until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      assert.equal(this.#supervisor.exitCode, null, this.#output);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Node has no public way to hand a listening socket to a program that is not Node's. */
function descriptorOf(server: Server): number {
  const { _handle } = server as Server & { readonly _handle?: { readonly fd: number } };
  assert.ok(_handle && _handle.fd > 2);
  return _handle.fd;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
