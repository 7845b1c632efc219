import { Budget } from '#bounds/budget.ts';
import {
  type Gateway,
  type GatewayOptions,
  type GatewayPorts,
  openGateway,
} from '#gateway/gateway.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import type { RequestIds } from '#runtime/http/request-ids.ts';
import { NO_PASSED_SOCKETS, type PassedSockets } from '#runtime/passed-sockets.ts';
import { CogrpcServer } from './cogrpc-server.ts';
import type { CogrpcConfig } from './config.ts';
import type { Where } from './connections.ts';
import { deliveryBudget } from './delivery-admission.ts';
import { DEFAULT_COGRPC_LIMITS } from './limits.ts';

/** A server for couriers that runs. */
interface Cogrpc extends AsyncDisposable {
  readonly server: CogrpcServer;
  readonly gateway: Gateway;
  /** In use; tells the one that the system chose. */
  readonly port: number;
}

/** Wires a server for couriers, which does not listen yet. */
export function createCogrpcServer(
  ports: GatewayPorts,
  gateway: Gateway,
  config: Omit<CogrpcConfig, 'host' | 'port' | 'drainMs'>,
  requestIds?: RequestIds,
): CogrpcServer {
  const { maxDeliveries, maxCollections, maxCallsPerConnection } = config;
  return new CogrpcServer(
    {
      ...ports,
      ...gateway,
      ...(requestIds && { requestIds }),
      peerSessionKeys: new PeerSessionKeys(ports),
      acceptedParcels: gateway.acceptedParcels,
      deliveryBudget: deliveryBudget(config.deliveryBufferOctets),
      collectionBudget: new Budget(config.collectionBufferOctets, {
        forSmall: Math.floor(config.collectionBufferOctets / 4),
      }),
    },
    { ...DEFAULT_COGRPC_LIMITS, maxDeliveries, maxCollections, maxCallsPerConnection },
  );
}

/** At an address, unless a parent holds the listening socket. */
export function whereToListen(
  { host, port }: Pick<CogrpcConfig, 'host' | 'port'>,
  passed: PassedSockets,
): Where {
  const fd = passed.get('cogrpc');
  return fd === undefined ? { host, port } : { fd };
}

/**
 * Serves couriers until it is disposed of, which drains; the ports stay open.
 *
 * @param internetAddress - this gateway's own, in canonical form
 * @throws {BackingUnavailableError}
 */
export async function composeCogrpc(
  config: CogrpcConfig & Pick<GatewayOptions, 'acceptsPublishedKey'>,
  internetAddress: string,
  ports: GatewayPorts,
  passed: PassedSockets = NO_PASSED_SOCKETS,
  requestIds?: RequestIds,
): Promise<Cogrpc> {
  const gateway = await openGateway(ports, internetAddress, config);
  const server = createCogrpcServer(ports, gateway, config, requestIds);
  const port = await server.listen(whereToListen(config, passed));
  return { server, gateway, port, [Symbol.asyncDispose]: () => server.drain(config.drainMs) };
}
