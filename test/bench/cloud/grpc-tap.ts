import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { CallTally } from './call-tally.ts';
import { firestoreOperations } from './firestore-operations.ts';

/** Stands before a gRPC server without TLS and counts the calls of each method. */
interface GrpcTap extends AsyncDisposable {
  /** `host:port`, to be used instead of the server's. */
  readonly address: string;
  /** By method, such as `AsymmetricSign`; documents of Firestore as `read` and `write`. */
  readonly calls: CallTally;
}

/** In what a process asks by the clock: for its own certificates, a check, changes of blocks, to sign nothing. */
const BY_CLOCK = [
  '/own-certificate',
  '/check/',
  '/peer-block/changes',
  createHash('sha256').digest(),
];

/** @param target - the server's `host:port` */
export async function startGrpcTap(target: string): Promise<GrpcTap> {
  const calls = new CallTally();
  const upstream = connect(`http://${target}`);
  upstream.on('error', () => {});
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    passOn(stream, headers, { upstream, calls });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    calls,
    async [Symbol.asyncDispose]() {
      for (const session of [upstream, ...sessions]) {
        session.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

interface Passing {
  readonly upstream: ClientHttp2Session;
  readonly calls: CallTally;
}

function passOn(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { upstream, calls }: Passing,
): void {
  const method = headers[':path']?.split('/').at(-1) ?? '';
  const request: Buffer[] = [];
  stream.on('data', (piece: Buffer) => request.push(piece));
  stream.on('end', () => {
    const message = Buffer.concat(request);
    const documents = firestoreOperations(method, message);
    const isByClock = BY_CLOCK.some((mark) => message.includes(mark));
    calls.count(documents?.name ?? method, { times: documents?.count ?? 1, isByClock });
  });
  const passed = upstream.request(headers);
  let trailers: IncomingHttpHeaders = {};
  passed.on('trailers', (received) => {
    trailers = received;
  });
  passed.on('response', (answered, flags) => {
    const isAll = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(answered, isAll ? { endStream: true } : { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    passed.pipe(stream);
  });
  stream.pipe(passed);
  // What breaks on one side is told to the other, which is all that there is to do.
  stream.on('error', () => passed.close());
  passed.on('error', () => stream.close());
  stream.on('close', () => passed.close());
}
