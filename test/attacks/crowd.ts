import { once } from 'node:events';
import { connect } from 'node:net';
import { RawClient } from '#test/end-to-end/support/raw-client.ts';

/** A TCP connection to this machine from one of its addresses. */
export async function connectFrom(localAddress: string, port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return new RawClient(socket);
}

/** As many connections at once, which vanish together. */
export class Crowd implements Disposable {
  readonly clients: readonly RawClient[];

  private constructor(clients: readonly RawClient[]) {
    this.clients = clients;
  }

  static async from(localAddress: string, port: number, count: number): Promise<Crowd> {
    const connecting = Array.from({ length: count }, () => connectFrom(localAddress, port));
    return new Crowd(await Promise.all(connecting));
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) {
      client.vanish();
    }
  }
}
