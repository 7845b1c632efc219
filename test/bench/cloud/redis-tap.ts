import { Redis } from 'ioredis';

/**
 * What clients ask Redis for, by command. What its scripts do inside is not counted, nor the pings that
 * each connection sends now and then, whatever goes on.
 */
export interface RedisTap extends AsyncDisposable {
  readonly calls: Map<string, number>;
  /** Resolves once everything sent to Redis until now was counted. */
  settled(): Promise<void>;
}

const MARK = 'tap-mark';

/** @param address - of the server, `host:port` */
export async function startRedisTap(address: string): Promise<RedisTap> {
  const [host = '', port] = address.split(':');
  const commands = new Redis({ host, port: Number(port) });
  const monitor = await commands.monitor();
  const calls = new Map<string, number>();
  let marks = 0;
  let onMark = () => {};
  monitor.on('monitor', (_time: string, [name = '', subject]: string[], source: string) => {
    const command = name.toLowerCase();
    if (command === 'echo' && subject?.startsWith(MARK)) {
      onMark();
    } else if (source !== 'lua' && command !== 'ping') {
      calls.set(command, (calls.get(command) ?? 0) + 1);
    }
  });
  return {
    calls,
    async settled() {
      const { promise, resolve } = Promise.withResolvers<void>();
      onMark = resolve;
      await commands.echo(`${MARK} ${marks++}`);
      await promise;
    },
    async [Symbol.asyncDispose]() {
      monitor.disconnect();
      commands.disconnect();
    },
  };
}
