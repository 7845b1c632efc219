import type { FastifyInstance } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import { REQUEST_ANSWERS } from './answers.ts';
import { COLLECTION_PATH } from './collection-server.ts';

/** For whoever comes to the collection without asking for a WebSocket. */
export function registerCollectionRoute(server: FastifyInstance): void {
  const options = { exposeHeadRoute: false, config: { answers: REQUEST_ANSWERS } };
  server.get(COLLECTION_PATH, options, async () => {
    throw new Refusal('no-websocket', 'Parcels are collected over a WebSocket');
  });
}
