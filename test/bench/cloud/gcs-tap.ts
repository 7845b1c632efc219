import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { CallTally } from './call-tally.ts';

/** Stands before a server of Cloud Storage and counts what it is asked for. */
interface GcsTap extends AsyncDisposable {
  /** `http://host:port`, to be used instead of the server's. */
  readonly origin: string;
  /** What Cloud Storage bills, whichever of its APIs is used; listings by what they look for. */
  readonly calls: CallTally;
  /** When an upload was last answered, on the clock of `performance.now()`. */
  readonly storedAtMs: number;
}

const LISTING = /^\/storage\/v1\/b\/[^/?]+\/o(?:\?|$)/;

/** Objects that a process stores, looks for and removes to know that it can. */
const CHECK = /\bcheck%2F/i;

/**
 * @param target - the server's `host:port`
 * @param delayMs - how long each answer is held back, as if the service were so far away
 */
export async function startGcsTap(target: string, delayMs = 0): Promise<GcsTap> {
  const agent = new Agent({ keepAlive: true });
  const calls = new CallTally();
  let storedAtMs = 0;
  const server = createServer((incoming, outgoing) => {
    const operation = operationOf(incoming);
    calls.count(operation, { isByClock: CHECK.test(incoming.url ?? '') });
    outgoing.on('finish', () => {
      storedAtMs = operation === 'write' ? performance.now() : storedAtMs;
    });
    passOn({ incoming, outgoing, target, agent, delayMs });
  }).listen(0, '127.0.0.1');
  server.keepAliveTimeout = 60_000;
  await once(server, 'listening');
  const bound = server.address();
  return {
    origin: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    calls,
    get storedAtMs() {
      return storedAtMs;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function operationOf({ method, url = '' }: IncomingMessage): string {
  if (method === 'GET' || method === 'HEAD') {
    return LISTING.test(url) ? `list of ${listedBy(url)}` : 'read';
  }
  return method === 'DELETE' ? 'delete' : 'write';
}

/** The first part of the prefix of all keys that a listing asks for: `parcels`, `cargo`. */
function listedBy(url: string): string {
  const prefix = new URL(url, 'http://localhost').searchParams.get('prefix') ?? '';
  return prefix.split('/')[0] || 'everything';
}

interface Passing {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: string;
  readonly agent: Agent;
  readonly delayMs: number;
}

function passOn({ incoming, outgoing, target, agent, delayMs }: Passing): void {
  const { method, url, headers } = incoming;
  const { connection: _, ...kept } = headers;
  const passed = request(`http://${target}${url}`, { method, headers: kept, agent });
  passed.on('error', () => outgoing.destroy());
  passed.on('response', async (answer) => {
    await (delayMs > 0 && pause(delayMs));
    const { connection: _, 'keep-alive': _keepAlive, ...answered } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, answered);
    answer.pipe(outgoing);
  });
  incoming.pipe(passed);
}
