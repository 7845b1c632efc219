import type { Gateway, GatewayPorts } from '#gateway/gateway.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
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
