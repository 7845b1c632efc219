import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { askForPort, BROKER_VARIABLE } from './ask-broker.ts';

/** Below the ephemeral ports, any of which an outgoing connection could take before the server does. */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;

/**
 * Free loopback ports for programs that cannot choose one and report it. Each is handed out only once,
 * as it looks free until its program listens, which may take seconds.
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

/** The ports of a process that no broker serves. */
const ownPorts = new FreePorts();

/** A loopback port that was free a moment ago, and that no other test of the run gets. */
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
