import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { createLog } from '#runtime/logging.ts';
import { composeStandalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
  temporaryFolder,
} from './accepting-server.ts';
import { serveVitals } from './child-server.ts';

const settings: AcceptingServerSettings = JSON.parse(process.argv[2] ?? '{}');
const folder = await temporaryFolder();
const config = readStandaloneConfig({ ...ANY_PORT, DATA_DIR: folder, LOG_FORMAT: 'json' });
const log = createLog({ ...config.log, fields: { service: 'standalone' } });
const { gateway, listening } = await composeStandalone(config, { log });

const issuer = await gateway.identity.currentCertificate();
const phone = await issueGatewayCertificate({
  subjectKey: Buffer.from(settings.phoneKey, 'base64'),
  issuer,
  issuerKey: gateway.identity.publicKeyDer,
  sign: gateway.identity.sign,
  notBefore: issuer.notBefore,
  notAfter: issuer.notAfter,
});
serveVitals<AcceptingServerInfo>({
  port: listening.poweb,
  phoneCertificate: Buffer.from(phone.der).toString('base64'),
});
