import { systemClock } from '#clock/clock.ts';
import { openGateway } from '#gateway/gateway.ts';
import { noMetrics } from '#metrics/port.ts';
import { ClientNetworks } from '#runtime/http/client-networks.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { createLog } from '#runtime/logging.ts';
import { registerPowebRoutes } from '#services/poweb/poweb-server.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
  registeredAt,
  temporaryFolder,
} from './accepting-server.ts';
import { serveVitals } from './child-server.ts';
import { openEmbeddedBacking } from './embedded-backing.ts';
import { eventLoopTasks } from './event-loop-tasks.ts';

const settings: AcceptingServerSettings = JSON.parse(process.argv[2] ?? '{}');
const folder = await temporaryFolder();
const clock = systemClock;
const log = createLog({ level: 'info', format: 'json' }, { write() {} });
const backing = await openEmbeddedBacking(folder, log);
const clientNetworks = new ClientNetworks();
const ports = { ...backing, clock, log, clientNetworks, metrics: noMetrics };
const gateway = await openGateway(ports, 'gateway.localhost', { recordsEveryParcel: true });
const server = new HttpServer({ name: 'poweb', host: '127.0.0.1', port: 0, log, clock });
registerPowebRoutes(server.app, { ...ports, ...gateway }, 10);
await server.listen();

serveVitals<AcceptingServerInfo>(
  await registeredAt(server.port, gateway, settings),
  eventLoopTasks(),
);
