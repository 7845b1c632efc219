import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { openGateway } from '#gateway/gateway.ts';
import { connectionBound } from '#runtime/http/connection-bound.ts';
import type { PowebConfig } from './config.ts';
import { createPowebServer } from './poweb-server.ts';

/** A running service for phones. */
export type Poweb = Running<{ readonly listening: { readonly poweb: number } }>;

/** Serves phones until disposed of, which drains. */
export function composePoweb(config: PowebConfig, given: Given): Promise<Poweb> {
  return composeService('poweb', config, given, {
    async open(parts) {
      const gateway = await openGateway(parts, config.internetAddress, config);
      await gateway.sessionKeys.prepare();
      return gateway;
    },
    async serve(parts, opened) {
      opened.use(parts.policy.keepCurrent());
      const maxConnections = await connectionBound({ servers: 1, others: 0 }, parts.log);
      const options = { ...config.poweb, host: config.host, maxConnections };
      const server = opened.use(createPowebServer(options, parts));
      await server.listen();
      return { listening: { poweb: server.port } };
    },
  });
}
