import type { FastifyInstance } from 'fastify';
import { Refusal } from '#runtime/http/refusal.ts';
import { COLLECTION_PATH } from './collection-server.ts';

/** For whoever comes to the collection without asking for a WebSocket: 426 (RFC 9110 §15.5.22). */
export function registerCollectionRoute(server: FastifyInstance): void {
  server.get(COLLECTION_PATH, { exposeHeadRoute: false }, async (_request, reply) => {
    reply.header('upgrade', 'websocket');
    throw new Refusal(426, 'Parcels are collected over a WebSocket', 'no-websocket');
  });
}
