import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';

/** By the metadata of the call, which its handler has too. */
const streams = new WeakMap<Metadata, ServerHttp2Stream>();

/**
 * The HTTP/2 stream of a call. grpc-js shows a message only once it holds all of it, so limiting
 * what it holds takes a look at the octets before.
 *
 * If a field used here disappears, the type checker says so, and so does the first call.
 *
 * @param call - as grpc-js gives it to the first interceptor
 */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  const base = call as BaseServerInterceptingCall;
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  const [stream, metadata] = [base['stream'], base['metadata']];
  if (!stream || !metadata) {
    throw new TypeError('The call of grpc-js has no HTTP/2 stream, or no metadata');
  }
  streams.set(metadata, stream);
  return stream;
}

/**
 * Resets the call with that metadata, whatever its peer has not read: it is gone without its
 * status, and other calls over the connection go on. Safe to repeat.
 */
export function resetCall(metadata: Metadata): void {
  streams.get(metadata)?.close(constants.NGHTTP2_CANCEL);
}

/**
 * Passes each piece of the stream to `look` before grpc-js takes it, without making the stream
 * flow.
 */
export function watchOctets(stream: ServerHttp2Stream, look: (chunk: Uint8Array) => void): void {
  stream.prependListener('data', look);
}
