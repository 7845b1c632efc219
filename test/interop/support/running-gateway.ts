import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayPorts } from '#gateway/gateway.ts';
import { silentLog } from '#log/log.ts';
import { composeStandalone, type Standalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { ANY_PORT } from '#test/services/any-port.ts';

export interface RunningGateway extends Standalone {
  /** Ends the process's part, then removes what it stored. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A whole gateway on the embedded backing, in a folder of its own and on ports that the system chose. */
export async function startGateway(
  given: Partial<GatewayPorts> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'awala-gateway-'));
  const config = readStandaloneConfig({
    DATA_DIR: folder,
    ...ANY_PORT,
    ...environment,
  });
  const standalone = await composeStandalone(config, { log: silentLog, ...given });
  return {
    ...standalone,
    async [Symbol.asyncDispose]() {
      await standalone[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
