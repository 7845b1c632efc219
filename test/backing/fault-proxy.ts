import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A TCP proxy that injects faults. */
export interface FaultProxy extends AsyncDisposable {
  /** `host:port` to connect to instead of the server. */
  readonly address: string;
  /** Open connections. */
  readonly connections: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Cuts all connections; new ones are accepted. */
  cut(): void;
  /** Cuts all connections, and every new one at once, until {@link FaultProxy.accept}. */
  refuse(): void;
  accept(): void;
  /** Keeps the connections and lets nothing pass, until {@link FaultProxy.resume}. */
  pause(): void;
  resume(): void;
  /** Sends new connections to another server; open ones stay where they are. */
  leadTo(target: string): void;
  /** From now on, delays each chunk by so many milliseconds, in both directions. */
  delay(ms: number): void;
}

/** @param target - the server's `host:port` */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const state = { isRefusing: false, isPaused: false, delayMs: 0, accepted: 0, target };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket) => {
    let before = Promise.resolve();
    from.on('data', (piece) => {
      const held = state.delayMs > 0 ? pause(state.delayMs, undefined, { ref: false }) : null;
      // No chunk overtakes another, even when the delay changes.
      before = before.then(async () => {
        await held;
        void (to.writable && to.write(piece));
      });
    });
    from.on('close', () => to.destroy());
    if (state.isPaused) {
      from.pause();
    }
  };
  const server = createServer((incoming) => {
    state.accepted++;
    keep(incoming);
    if (state.isRefusing) {
      incoming.resetAndDestroy();
      return;
    }
    const [host = '', port] = state.target.split(':');
    const outgoing = connect(Number(port), host);
    keep(outgoing);
    pass(incoming, outgoing);
    pass(outgoing, incoming);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const all = (act: (socket: Socket) => void) => [...sockets].forEach(act);
  return {
    address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    get connections() {
      return sockets.size / 2;
    },
    get accepted() {
      return state.accepted;
    },
    cut: () => all((socket) => socket.resetAndDestroy()),
    refuse() {
      state.isRefusing = true;
      all((socket) => socket.resetAndDestroy());
    },
    accept() {
      state.isRefusing = false;
    },
    pause() {
      state.isPaused = true;
      all((socket) => socket.pause());
    },
    resume() {
      state.isPaused = false;
      all((socket) => socket.resume());
    },
    leadTo(other) {
      state.target = other;
    },
    delay(ms) {
      state.delayMs = ms;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      all((socket) => socket.destroy());
      await once(server, 'close');
    },
  };
}
