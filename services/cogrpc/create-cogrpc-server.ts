import { Budget } from '#bounds/budget.ts';
import type { Gateway, GatewayPorts } from '#gateway/gateway.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { CogrpcServer } from './cogrpc-server.ts';
import type { CogrpcConfig } from './config.ts';
import { deliveryBudget } from './delivery-admission.ts';
import { COGRPC_LIMITS } from './limits.ts';

/** Wires a server for couriers, which does not listen yet. */
export function createCogrpcServer(
  config: CogrpcConfig['cogrpc'],
  parts: GatewayPorts &
    Gateway & { readonly requestIds: RequestIds; readonly clientNetworks: ClientNetworks },
): CogrpcServer {
  const { maxDeliveries, maxCollections, maxCallsPerConnection } = config;
  return new CogrpcServer(
    {
      ...parts,
      peerSessionKeys: new PeerSessionKeys(parts),
      deliveryBudget: deliveryBudget(config.deliveryBufferOctets),
      collectionBudget: new Budget(config.collectionBufferOctets, {
        forSmall: Math.floor(config.collectionBufferOctets / 4),
      }),
    },
    { ...COGRPC_LIMITS, maxDeliveries, maxCollections, maxCallsPerConnection },
  );
}
