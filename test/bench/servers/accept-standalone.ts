import { createLog } from '#runtime/logging.ts';
import { composeStandalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
  registeredAt,
  temporaryFolder,
} from './accepting-server.ts';
import { serveVitals } from './child-server.ts';

const settings: AcceptingServerSettings = JSON.parse(process.argv[2] ?? '{}');
const folder = await temporaryFolder();
/** One phone brings all parcels of a bench. */
const NO_QUOTA = { QUOTA_PARCELS_PER_HOUR: '0', QUOTA_PARCELS_PER_DAY: '0' };

const config = readStandaloneConfig({
  ...ANY_PORT,
  ...NO_QUOTA,
  DATA_DIR: folder,
  LOG_FORMAT: 'json',
});
const log = createLog({ ...config.log, fields: { service: 'standalone' } });
const { gateway, listening } = await composeStandalone(config, { log });

serveVitals<AcceptingServerInfo>(await registeredAt(listening.poweb, gateway, settings));
