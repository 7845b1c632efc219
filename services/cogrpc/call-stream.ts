import type { ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';

/**
 * The HTTP/2 stream of a call. grpc-js shows a message only once it holds all of it, so limiting
 * what it holds takes a look at the octets before.
 *
 * If the field used here disappears, the type checker says so, and so does the first call.
 *
 * @param call - as grpc-js gives it to the first interceptor
 */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  const stream: ServerHttp2Stream | undefined = (call as BaseServerInterceptingCall)['stream'];
  if (!stream) {
    throw new TypeError('The call of grpc-js has no HTTP/2 stream');
  }
  return stream;
}

/**
 * Passes each piece of the stream to `look` before grpc-js takes it, without making the stream
 * flow.
 */
export function watchOctets(stream: ServerHttp2Stream, look: (chunk: Uint8Array) => void): void {
  stream.prependListener('data', look);
}
