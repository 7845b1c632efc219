import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { openGateway } from '#gateway/gateway.ts';
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
      const server = opened.use(createPowebServer({ ...config.poweb, host: config.host }, parts));
      await server.listen();
      return { listening: { poweb: server.port } };
    },
  });
}
