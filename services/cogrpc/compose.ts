import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { openGateway } from '#gateway/gateway.ts';
import type { CogrpcConfig } from './config.ts';
import { whereToListen } from './connections.ts';
import { createCogrpcServer } from './create-cogrpc-server.ts';

/** A running service for couriers. */
type Cogrpc = Running<{ readonly listening: { readonly cogrpc: number } }>;

/** Serves couriers until disposed of, which drains. */
export function composeCogrpc(config: CogrpcConfig, given: Given): Promise<Cogrpc> {
  return composeService('cogrpc', config, given, {
    open: (parts) => openGateway(parts, config.internetAddress, config),
    async serve(parts, opened) {
      opened.use(parts.policy.keepCurrent());
      const { port, drainMs } = config.cogrpc;
      const server = createCogrpcServer(config.cogrpc, parts);
      opened.defer(() => server.drain(drainMs));
      const where = whereToListen({ host: config.host, port }, parts.passed);
      return { listening: { cogrpc: await server.listen(where) } };
    },
  });
}
