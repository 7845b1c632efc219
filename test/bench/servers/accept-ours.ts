import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { systemClock } from '#clock/clock.ts';
import { openGateway } from '#gateway/gateway.ts';
import { noMetrics } from '#metrics/port.ts';
import { HttpServer } from '#runtime/http/http-server.ts';
import { createLog } from '#runtime/logging.ts';
import { registerPowebRoutes } from '#services/poweb/poweb-server.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
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
const ports = { ...backing, clock, log, metrics: noMetrics };
const gateway = await openGateway(ports, 'gateway.localhost', { recordsEveryParcel: true });
const server = new HttpServer({ name: 'poweb', host: '127.0.0.1', port: 0, log, clock });
registerPowebRoutes(server.app, { ...ports, ...gateway }, 10);
await server.listen();

const issuer = await gateway.identity.currentCertificate();
const phone = await issueGatewayCertificate({
  subjectKey: Buffer.from(settings.phoneKey, 'base64'),
  issuer,
  issuerKey: gateway.identity.publicKeyDer,
  sign: gateway.identity.sign,
  notBefore: issuer.notBefore,
  notAfter: issuer.notAfter,
});
const info = {
  port: server.port,
  phoneCertificate: Buffer.from(phone.der).toString('base64'),
};
serveVitals<AcceptingServerInfo>(info, eventLoopTasks());
