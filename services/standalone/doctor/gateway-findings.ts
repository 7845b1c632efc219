import type { Clock } from '#clock/clock.ts';
import { ConfigurationError } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { readStandaloneConfig } from '../config.ts';
import { type Handling, lacksSetUp, toBringUp } from '../installation.ts';
import { dataFolderOf, type LookConfig } from '../look/look-variables.ts';
import { isUnused } from './database-findings.ts';
import { type Finding, ill, note } from './finding.ts';

const SUBJECT = 'gateway';
const NOBODY_SERVED = 'No phone, courier or Internet app is served.';

interface GatewayParts {
  readonly clock: Clock;
  /** What the gateway reads when it starts. */
  readonly environment: Environment;
  readonly installed: Handling;
  /** Which service answers on the operations port; null if none does. */
  readonly service: () => Promise<string | null>;
}

/**
 * Whether the gateway is one process on this machine that can be asked: with Redis its services may be
 * elsewhere, and on port 0, which is any, nobody finds it.
 */
export function runsHere({ signals, ports }: LookConfig): boolean {
  return signals.kind === 'in-process' && ports.OPERATIONS_PORT !== 0;
}

/** Whether the gateway runs, and would start again; the findings on ports say how it does. */
export async function gatewayFindings(
  config: LookConfig,
  parts: GatewayParts,
): Promise<readonly Finding[]> {
  if (!runsHere(config)) {
    return [];
  }
  const isRunning = (await parts.service()) !== null;
  const faults = configurationFaults(parts.environment);
  if (faults !== null) {
    return [faultFinding(faults, isRunning, parts.installed)];
  }
  return isRunning ? [] : [await stoppedFinding(config, parts)];
}

function faultFinding(
  faults: string,
  isRunning: boolean,
  { settings, start, restart }: Handling,
): Finding {
  const correct = settings === null ? 'Correct that' : `Correct that in ${settings}`;
  return isRunning
    ? ill('configuration', faults, {
        why: 'The gateway that runs will not start again.',
        remedy: `${correct}, then: ${restart}`,
      })
    : ill(SUBJECT, `does not run: ${faults}`, {
        why: NOBODY_SERVED,
        remedy: `${correct}, then: ${start}`,
      });
}

async function stoppedFinding(
  config: LookConfig,
  { clock, installed }: GatewayParts,
): Promise<Finding> {
  const { internetAddress } = config;
  const remedy = toBringUp(internetAddress, installed);
  if (lacksSetUp(internetAddress, installed)) {
    const why = 'Without an address, its service starts nothing, and no phone finds it.';
    return ill(SUBJECT, 'is not set up', { why, remedy });
  }
  const folder = dataFolderOf(config);
  if (folder !== null && (await isUnused(folder, clock))) {
    const says = 'does not run yet: no gateway has used these data since they came here';
    return note(SUBJECT, says, remedy);
  }
  return ill(SUBJECT, 'does not run', { why: NOBODY_SERVED, remedy });
}

/** What `serve` would refuse; null if nothing. */
function configurationFaults(environment: Environment): string | null {
  try {
    readStandaloneConfig(environment);
    return null;
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.faults.join('; ');
    }
    throw error;
  }
}
