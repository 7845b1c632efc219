import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '#clock/clock.ts';
import { toBringUp } from '../installation.ts';
import { type LookConfig, readLookConfig } from '../look/look-variables.ts';
import { CLEAR_SCREEN } from '../printable.ts';
import { askOperations, parseObject } from '../running/operations-client.ts';
import type { GatewayStatus } from '../status/gateway-status.ts';
import { statusText } from '../status/status-text.ts';
import { stoppedStatus } from '../status/stopped-status.ts';
import type { Command } from './command.ts';
import { readArguments } from './option-values.ts';

const WATCH_EVERY_MS = 2_000;

const NO_STATUS =
  'What runs here has no status: it is an older version, a service among several, or another program.';

/** `awala-gateway status`: what a gateway in one process holds and does. */
export const statusCommand: Command = {
  usage: `Usage: awala-gateway status [--watch] [--json]

Shows on one screen what a gateway in one process holds and does: phones
connected, and seen in 30 days; parcels held and the oldest; jobs waiting and
set aside; room on the disk; how long certificates last; the age of the last
backup; and what was accepted, collected, delivered, refused and registered
within the last minute. Names nobody. A ping is a phone, too: each is counted.

It asks the running gateway on this machine (OPERATIONS_HOST, OPERATIONS_PORT).
If none runs, it looks into the data folder (DATA_DIR), and changes nothing.

  --watch  show it anew every two seconds, until Ctrl-C
  --json   print it as JSON, an object in each line

Exits with 0 if the gateway runs and is ready, with 1 otherwise.`,
  async run({ args, environment, print }) {
    const { watch, json } = readArguments({ args: [...args], options: OPTIONS }).values;
    const config = readLookConfig(environment);
    const show = (status: GatewayStatus) => {
      const start = toBringUp(status.internetAddress);
      const lines = json ? [JSON.stringify(status)] : statusText(status, start);
      print(`${watch && !json ? CLEAR_SCREEN : ''}${lines.join('\n')}`);
    };
    for (;;) {
      const status = await statusNow(config);
      if (!status) {
        print(NO_STATUS);
        return 1;
      }
      show(status);
      if (!watch) {
        const { running } = status;
        return running && Object.keys(running.failing).length === 0 ? 0 : 1;
      }
      await pause(WATCH_EVERY_MS);
    }
  },
};

/** @returns null if something runs that has none */
async function statusNow(config: LookConfig): Promise<GatewayStatus | null> {
  const at = { host: config.operationsHost, port: config.ports.OPERATIONS_PORT };
  const answer = await askOperations(at, '/status');
  const told = parseObject(answer?.text ?? '');
  if (answer === null) {
    return stoppedStatus(config, systemClock);
  }
  // Whoever answers so is a gateway of this very release, or near it.
  return 'internetAddress' in told ? (told as unknown as GatewayStatus) : null;
}

const OPTIONS = {
  watch: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;
