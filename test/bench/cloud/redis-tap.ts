import { Redis } from 'ioredis';
import { CallTally } from './call-tally.ts';

/** What clients ask Redis for, by command. What its scripts do inside is not counted. */
export interface RedisTap extends AsyncDisposable {
  readonly calls: CallTally;
  /** Resolves once everything sent to Redis until now was counted. */
  settled(): Promise<void>;
}

const MARK = 'tap-mark';

/**
 * In what each process asks every few seconds to know that signals arrive, and that the server is no
 * replica: keys and channels for nothing else.
 */
const CHECK = /:check(?:$|:)/;

/** Sent by connections, whatever they are used for: by each when it is new, or now and then. */
const OF_CONNECTIONS = ['auth', 'client', 'hello', 'info', 'ping', 'select'];

/** @param command - in lower case */
export function isByClock(command: string, args: readonly string[]): boolean {
  return OF_CONNECTIONS.includes(command) || args.some((arg) => CHECK.test(arg));
}

/** @param address - of the server, `host:port` */
export async function startRedisTap(address: string): Promise<RedisTap> {
  const [host = '', port] = address.split(':');
  const commands = new Redis({ host, port: Number(port) });
  // Its own first commands must not come while the other connection becomes a monitor.
  await commands.ping();
  const monitor = await commands.monitor();
  const calls = new CallTally();
  let marks = 0;
  let onMark = () => {};
  monitor.on('monitor', (_time: string, [name = '', ...args]: string[], source: string) => {
    const command = name.toLowerCase();
    if (command === 'echo' && args[0]?.startsWith(MARK)) {
      onMark();
    } else if (source !== 'lua') {
      calls.count(command, { isByClock: isByClock(command, args) });
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
