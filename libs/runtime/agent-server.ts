import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** Concurrent questions; each takes milliseconds. */
const MOST_CONNECTIONS = 100;
/** How long the asker may take to read the answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** `starting`: gets no connections. `draining`: gets no new ones, and keeps those it has. */
export type Phase = 'starting' | 'serving' | 'draining';

/**
 * HAProxy's words: `drain` and `ready` express the operator's will, `down` and `up` whether the
 * server works.
 */
const ANSWERS: Readonly<Record<Phase, string>> = {
  starting: 'down\n',
  serving: 'ready up\n',
  draining: 'drain\n',
};

/** Where to listen, and what to answer. */
export interface AgentServerOptions {
  readonly host: string;
  readonly port: number;
  /** Takes seconds at most, and never rejects. */
  readonly phase: () => Promise<Phase>;
  /** Called with the address of each asker. */
  readonly onAsked: (address: string) => void;
}

/**
 * Tells load balancers whether to send new connections here, by HAProxy's agent check: each
 * connection gets one line and is closed. Health checks, not this, say whether the process works.
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

  /** @throws if it cannot listen on the port */
  static async listen(options: AgentServerOptions): Promise<AgentServer> {
    const agent = new AgentServer(options);
    const { host, port } = options;
    agent.#server.listen({ host, port });
    await once(agent.#server, 'listening');
    // Such as too many open files: the asker asks again.
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
    // Input is ignored, but left unread it would reset the connection before the answer is read.
    socket.resume();
    socket.end(ANSWERS[await phase()]);
  }
}
