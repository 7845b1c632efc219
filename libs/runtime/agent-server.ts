import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Questions at once: each takes milliseconds. */
const MOST_CONNECTIONS = 100;
/** Until whoever asked has taken the answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** `starting`: send nobody. `draining`: send nobody new, and leave those there are. */
export type Phase = 'starting' | 'serving' | 'draining';

/** As HAProxy has it: `drain` and `ready` are the operator's will, `down` and `up` whether it works. */
const ANSWERS: Readonly<Record<Phase, string>> = {
  starting: 'down\n',
  serving: 'ready up\n',
  draining: 'drain\n',
};

export interface AgentServerOptions {
  readonly host: string;
  readonly port: number;
  /** Takes seconds at most, and never fails. */
  readonly phase: () => Promise<Phase>;
  /** Told of each who asks, by address. */
  readonly onAsked: (address: string) => void;
}

/**
 * Tells load balancers whether to send new connections here, by HAProxy's agent check: whoever connects gets a line and
 * is closed. Whether the process works at all is not asked here, but by the health check.
 *
 * @see HAProxy's configuration manual, `agent-check`
 */
export class AgentServer implements AsyncDisposable {
  readonly #options: AgentServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: AgentServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => void this.#answer(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws if the port cannot be listened on */
  static async listen(options: AgentServerOptions): Promise<AgentServer> {
    const agent = new AgentServer(options);
    const { host, port } = options;
    agent.#server.listen({ host, port });
    await once(agent.#server, 'listening');
    // Such as too many open files: whoever asked asks again.
    agent.#server.on('error', () => {});
    return agent;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  async #answer(socket: Socket): Promise<void> {
    const { phase, onAsked } = this.#options;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    if (socket.remoteAddress) {
      onAsked(socket.remoteAddress);
    }
    // Whatever it says is not looked at; left unread, it would reset the connection before the answer is taken.
    socket.resume();
    socket.end(ANSWERS[await phase()]);
  }
}
