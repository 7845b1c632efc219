import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '#awala/errors.ts';
import type { Asker, FairRate } from '#bounds/fair-rate.ts';
import type { Registrar } from '#gateway/identity/registrar.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import { REGISTRATION_ANSWERS } from './answers.ts';
import { MEDIA_TYPE } from './media-types.ts';

/** RS-016: larger requests SHOULD be refused; in octets. */
const MAX_PRE_REGISTRATION_OCTETS = 64;
const MAX_REGISTRATION_OCTETS = 1024 * 1024;

/** The path in both generations. */
const PRE_REGISTRATION_PATHS = ['/v1/pre-registrations', '/v1/pre-registration'];

/** What the routes need. */
export interface RegistrationRouteParts {
  readonly registrar: Registrar;
  readonly clientNetworks: ClientNetworks;
  /** Anyone may ask for an authorization, and each costs a signature. */
  readonly preRegistrationRate: FairRate;
}

/**
 * `POST /v1/pre-registrations` and `POST /v1/nodes`.
 *
 * @see RS-016 "Private node registration"
 */
export function registerRegistrationRoutes(
  server: FastifyInstance,
  parts: RegistrationRouteParts,
): void {
  for (const path of PRE_REGISTRATION_PATHS) {
    registerPreRegistrationRoute(server, path, parts);
  }
  registerNodesRoute(server, parts);
}

function registerPreRegistrationRoute(
  server: FastifyInstance,
  path: string,
  { registrar, clientNetworks, preRegistrationRate }: RegistrationRouteParts,
): void {
  const options = {
    bodyLimit: MAX_PRE_REGISTRATION_OCTETS,
    config: { answers: REGISTRATION_ANSWERS },
  };
  server.post<{ Body: Buffer }>(path, options, async (request, reply) => {
    requireMediaType(request, MEDIA_TYPE.keyDigest);
    if (!preRegistrationRate.tryTake(askerOf(request, clientNetworks))) {
      throw new Refusal(
        'registrations-full',
        'Too many registrations at the moment; try again in a few seconds',
      );
    }
    const authorization = await registrar.authorise(request.body.toString('latin1'));
    reply.type(MEDIA_TYPE.authorization);
    return authorization;
  });
}

function registerNodesRoute(server: FastifyInstance, { registrar }: RegistrationRouteParts): void {
  const options = { bodyLimit: MAX_REGISTRATION_OCTETS, config: { answers: REGISTRATION_ANSWERS } };
  server.post<{ Body: Buffer }>('/v1/nodes', options, async (request, reply) => {
    requireMediaType(request, MEDIA_TYPE.registrationRequest);
    const registered = await registrar.register(request.body);
    reply.type(MEDIA_TYPE.registration);
    return registered;
  });
}

/** By network: a key to register costs nothing, and each phone has another. */
function askerOf({ raw }: FastifyRequest, networks: ClientNetworks): Asker {
  const { narrow, wide } = networks.of(raw.socket.remoteAddress, raw.headers['x-forwarded-for']);
  return { member: narrow, group: wide };
}
