import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** An HTTP proxy that records requests and injects faults. */
export interface HttpFaultProxy extends AsyncDisposable {
  /** `http://host:port` to use instead of the server's. */
  readonly origin: string;
  /** `METHOD /path?query` of each request, in order of arrival. */
  readonly requests: string[];
  /** Answers the next `count` requests with `status`, without forwarding them. */
  failNext(count: number, status: number): void;
  /** Forwards the next request, and cuts the connection instead of answering. */
  loseNextAnswer(): void;
  /** Changes the body of the next answer. */
  corruptNextAnswer(): void;
  /** Delays each request, in milliseconds. */
  delayMs: number;
  /** While not null, answers all requests with this status. */
  failing: number | null;
  /** Which requests to answer with 403. */
  isDenied: (request: string) => boolean;
  /** Whether to cut the connection of each upload before it is complete. */
  isCuttingUploads: boolean;
  /** Awaited before each request is forwarded. */
  hold: ((request: string) => Promise<void> | undefined) | null;
}

interface Fault {
  readonly kind: 'status' | 'lose' | 'corrupt';
  readonly status: number;
}

/** @param target - the server's `host:port` */
export async function startHttpFaultProxy(target: string): Promise<HttpFaultProxy> {
  const faults: Fault[] = [];
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    proxy.requests.push(`${incoming.method} ${incoming.url}`);
    if (proxy.isCuttingUploads && incoming.url?.startsWith('/upload/')) {
      incoming.once('data', () => incoming.socket.resetAndDestroy());
      return;
    }
    const isDenied = proxy.isDenied(`${incoming.method} ${incoming.url}`);
    const fault = faults.shift() ?? alwaysFailing(isDenied ? 403 : proxy.failing);
    const body = await readAll(incoming);
    if (proxy.delayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, proxy.delayMs).unref());
    }
    await proxy.hold?.(`${incoming.method} ${incoming.url}`);
    if (fault?.kind === 'status') {
      outgoing.writeHead(fault.status).end(`{"error":"${fault.status} on demand"}`);
      return;
    }
    const answer = await forward(target, incoming, body);
    const answered = await readAll(answer);
    if (fault?.kind === 'lose') {
      outgoing.socket?.resetAndDestroy();
      return;
    }
    reply(outgoing, answer, fault ? answered.map((octet) => octet ^ 1) : answered);
  };
  const server = createServer((incoming, outgoing) => {
    // The client may be gone, or the server.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const proxy: HttpFaultProxy = {
    origin: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    requests: [],
    delayMs: 0,
    failing: null,
    isCuttingUploads: false,
    isDenied: () => false,
    hold: null,
    failNext(count, status) {
      faults.push(...Array.from({ length: count }, () => ({ kind: 'status' as const, status })));
    },
    loseNextAnswer: () => void faults.push({ kind: 'lose', status: 0 }),
    corruptNextAnswer: () => void faults.push({ kind: 'corrupt', status: 0 }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return proxy;
}

function alwaysFailing(status: number | null): Fault | undefined {
  return status === null ? undefined : { kind: 'status', status };
}

async function forward(
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Uint8Array,
): Promise<IncomingMessage> {
  const forwarded = request(`http://${target}${url}`, { method, headers, agent: false });
  forwarded.end(body);
  const [answer] = await once(forwarded, 'response');
  return answer;
}

function reply(outgoing: ServerResponse, answer: IncomingMessage, body: Uint8Array): void {
  const { connection: _, 'transfer-encoding': _encoding, ...headers } = answer.headers;
  outgoing.writeHead(answer.statusCode ?? 500, { ...headers, 'content-length': body.length });
  outgoing.end(body);
}

async function readAll(stream: IncomingMessage): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(stream));
}
