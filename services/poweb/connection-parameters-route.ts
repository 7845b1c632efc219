import type { FastifyInstance } from 'fastify';
import { serialiseConnectionParameters } from '#awala/connection-parameters.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import { MEDIA_TYPE } from './media-types.ts';

/** What the route needs. */
export interface ConnectionParametersParts {
  readonly identity: Identity;
  readonly sessionKeys: SessionKeys;
  readonly internetAddress: string;
}

/** `GET /connection-params.der`: what an app or courier needs to reach this gateway. */
export function registerConnectionParametersRoute(
  server: FastifyInstance,
  { identity, sessionKeys, internetAddress }: ConnectionParametersParts,
): void {
  server.get('/connection-params.der', async (_request, reply) => {
    const sessionKey = await sessionKeys.publishedKey();
    reply.type(MEDIA_TYPE.connectionParameters);
    return serialiseConnectionParameters({
      internetAddress,
      identityKey: identity.publicKeyDer,
      sessionKey,
    });
  });
}
