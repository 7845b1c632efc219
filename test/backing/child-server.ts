import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { accepts } from './accepts.ts';
import { freePort } from './free-ports.ts';

/** Longest time that a server program may take until it accepts connections. */
const START_TIMEOUT_MS = 100_000;

/**
 * A shell script that runs a command and kills it once standard input ends, however the parent died.
 * Ends when the command does.
 */
const WATCHED = [
  'exec 3<&0',
  '"$@" </dev/null 3<&- & child=$!',
  '(read -r _ <&3; kill -9 $child 2>/dev/null) & reader=$!',
  'wait $child; kill $reader 2>/dev/null',
].join('\n');

/** A server program that this process started, on a loopback port of its own. */
export interface ChildServer {
  readonly port: number;
  /** Ends the program at once and resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a server program and resolves once it accepts connections.
 *
 * The program ends with this process at the latest and does not keep it alive.
 *
 * @param argumentsFor - the program's arguments, given the port it must listen on
 * @param port - a free one, unless given
 */
export async function startChildServer(
  program: string,
  argumentsFor: (port: number) => string[],
  port?: number,
): Promise<ChildServer> {
  const own = port ?? (await freePort());
  const child = spawn('sh', ['-c', WATCHED, 'sh', program, ...argumentsFor(own)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  letParentExit(child);
  await untilAccepting(child, own, program);
  return { port: own, stop: () => stop(child) };
}

function letParentExit(child: ChildProcess): void {
  child.unref();
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') {
    child.stdin.unref();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  child.ref();
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}

async function untilAccepting(child: ChildProcess, port: number, program: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await accepts({ port, host: '127.0.0.1' }))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop(child);
      throw new Error(`${program} did not start to listen on port ${port}`);
    }
    await pause(20);
  }
}
