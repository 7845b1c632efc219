import { type Gateway, type GatewayPorts, openGateway } from '#gateway/gateway.ts';
import { PeerSessionKeys } from '#gateway/peer-session-keys.ts';
import type { WorkersConfig } from './config.ts';
import { startWorkers, type Workers } from './workers.ts';

/** Puts workers behind a gateway that is open already. */
export function startWorkersOf(
  gateway: Gateway,
  ports: GatewayPorts,
  config: WorkersConfig,
): Workers {
  const peerSessionKeys = new PeerSessionKeys(ports);
  return startWorkers({ ...ports, ...gateway, peerSessionKeys }, config);
}

/**
 * Works until it is disposed of, which drains; the ports stay open.
 *
 * @param internetAddress - this gateway's own, in canonical form
 * @throws {BackingUnavailableError}
 */
export async function composeWorkers(
  config: WorkersConfig,
  internetAddress: string,
  ports: GatewayPorts,
): Promise<Workers> {
  return startWorkersOf(await openGateway(ports, internetAddress), ports, config);
}
