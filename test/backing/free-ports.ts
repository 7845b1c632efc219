import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { askForPort, BROKER_VARIABLE } from './ask-broker.ts';

/** Below those that systems give to outgoing connections, which could take one before its server does. */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;

/**
 * Loopback ports for programs that cannot say which one the system gave them. Each is handed out once:
 * some seconds go by until its program listens, and meanwhile it looks free to everybody.
 */
export class FreePorts {
  #next = randomInt(FIRST_PORT, LAST_PORT);

  /** @returns a port that nobody listened on a moment ago */
  async take(): Promise<number> {
    for (let attempts = FIRST_PORT; attempts < LAST_PORT; attempts++) {
      const port = this.#next;
      this.#next = port + 1 < LAST_PORT ? port + 1 : FIRST_PORT;
      if (await isFree(port)) {
        return port;
      }
    }
    throw new Error('no loopback port is free');
  }
}

/** Of this process, where no broker hands them out to the whole run. */
const ownPorts = new FreePorts();

/** A loopback port that was free a moment ago, and that no other test of the run is given. */
export async function freePort(): Promise<number> {
  const broker = process.env[BROKER_VARIABLE];
  return broker ? askForPort(broker) : ownPorts.take();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
