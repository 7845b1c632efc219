import type { Http2Server } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { type CogrpcLimits, MAX_GRPC_MESSAGE_OCTETS } from './limits.ts';

/** The settings of grpc-js that keep to `limits`. */
export function channelOptions(limits: CogrpcLimits) {
  return {
    'grpc.max_receive_message_length': MAX_GRPC_MESSAGE_OCTETS,
    'grpc.max_send_message_length': MAX_GRPC_MESSAGE_OCTETS,
    'grpc.max_concurrent_streams': limits.maxCallsPerConnection,
    'grpc.max_connection_idle_ms': limits.connectionIdleMs,
    'grpc.max_connection_age_ms': limits.connectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.connectionAgeGraceMs,
    'grpc.keepalive_time_ms': limits.keepalivePauseMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.enable_channelz': 0,
  };
}

/**
 * Allows couriers `windowOctets` in flight, on each connection and in each call. With HTTP/2's own
 * 64 KiB per round trip, a cargo of megabytes would take longer than deployed couriers give a call.
 *
 * grpc-js has this setting for clients only. If the fields used here disappear, the type checker
 * says so.
 *
 * @param server - with connection injectors
 */
export function widenWindows(server: Server, windowOctets: number): void {
  // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets private fields be read this way only.
  for (const http2Server of server['http2Servers'].keys() as Iterable<Http2Server>) {
    http2Server.on('session', (session) => {
      session.settings({ initialWindowSize: windowOctets });
      session.setLocalWindowSize(windowOctets);
    });
  }
}
