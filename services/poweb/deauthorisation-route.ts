import type { FastifyInstance } from 'fastify';
import { MAX_DEAUTHORISATION_OCTETS } from '#awala/limits.ts';
import { noRoomToWithdraw } from '#gateway/identity/withdrawals.ts';
import type { Quotas } from '#gateway/intake/quotas.ts';
import { requireMediaType } from '#runtime/http/media-type.ts';
import { DEAUTHORISATION_ANSWERS } from './answers.ts';
import { type CountersignedParts, countersigner } from './countersigned.ts';
import { MEDIA_TYPE } from './media-types.ts';

/** What the route needs. */
export interface DeauthorisationParts extends CountersignedParts {
  readonly quotas: Quotas;
}

/**
 * `POST /v1/parcel-delivery-deauthorizations`: 202 once what it withdraws is stored durably. It counts
 * as a parcel of its sender. Where nothing can be withdrawn there is no such path.
 *
 * @see docs/proposals/withdrawals.md
 */
export function registerDeauthorisationRoute(
  server: FastifyInstance,
  parts: DeauthorisationParts,
): void {
  const { withdrawals, quotas } = parts;
  if (withdrawals === null) {
    return;
  }
  const options = {
    bodyLimit: MAX_DEAUTHORISATION_OCTETS,
    config: { answers: DEAUTHORISATION_ANSWERS },
  };
  const path = '/v1/parcel-delivery-deauthorizations';
  server.post<{ Body: Buffer }>(path, options, async (request, reply) => {
    requireMediaType(request, MEDIA_TYPE.deauthorisation);
    const { nodeId: peer } = await countersigner(request, 'parcel-deauthorisation', parts);
    const withdrawn = withdrawals.read(request.body);
    await quotas.takeParcel({ privateGateway: peer }, request.body.byteLength);
    if ((await withdrawals.withdraw(peer, [withdrawn])) > 0) {
      throw noRoomToWithdraw();
    }
    reply.code(202);
    return '';
  });
}
