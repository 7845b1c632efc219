import type { ServerHttp2Stream } from 'node:http2';
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';

/**
 * The HTTP/2 stream of a call. grpc-js shows a message only once it holds all of
 * it, so that whoever is to bound what it holds must look at the octets before.
 *
 * The type checker tells when the field used here goes away, and so does the first call.
 *
 * @param call - what grpc-js gives to the first interceptor
 */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  const stream: ServerHttp2Stream | undefined = (call as BaseServerInterceptingCall)['stream'];
  if (!stream) {
    throw new TypeError('The call of grpc-js has no HTTP/2 stream');
  }
  return stream;
}

/** Shows `look` each piece of what comes, before grpc-js takes it, and without making the stream flow. */
export function watchOctets(stream: ServerHttp2Stream, look: (chunk: Uint8Array) => void): void {
  stream.prependListener('data', look);
}
