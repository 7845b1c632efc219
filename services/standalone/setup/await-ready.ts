import { type Clock, delay } from '#clock/clock.ts';
import type { Failing } from '../running/readiness.ts';
import type { ServiceManager } from './service-manager.ts';
import { SetupError } from './setup-error.ts';
import type { Terminal } from './terminal.ts';

const PAUSE_MS = 1_000;
/** A certificate takes a minute at most where nothing is wrong. */
const READY_PATIENCE_MS = 5 * 60_000;

interface AwaitReadyParts {
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly service: Pick<ServiceManager, 'fault'>;
  /** Asks the gateway on this machine what it still lacks. */
  readonly failing: () => Promise<Failing>;
}

/**
 * Waits until the gateway on this machine is ready, its certificate included.
 *
 * @throws {SetupError} with its own reason when time is up, or the process does not stay up
 */
export async function awaitReady(parts: AwaitReadyParts): Promise<void> {
  const { clock, terminal, signal, service, failing } = parts;
  const startMs = clock.elapsedMs();
  for (;;) {
    const reasons = await failing();
    terminal.progress(progressOf(reasons));
    if (reasons !== null && Object.keys(reasons).length === 0) {
      return;
    }
    if (reasons === null) {
      await failIfDown(service);
    }
    if (clock.elapsedMs() - startMs >= READY_PATIENCE_MS) {
      throw notReady(reasons);
    }
    await delay(clock, PAUSE_MS, signal);
  }
}

async function failIfDown(service: Pick<ServiceManager, 'fault'>): Promise<void> {
  const fault = await service.fault();
  if (fault !== null) {
    throw new SetupError(
      `the gateway does not run: ${fault}`,
      'Do what it says, then repeat the same line.',
    );
  }
}

function progressOf(reasons: Failing): string {
  if (reasons === null) {
    return '  gateway  starting';
  }
  const words = Object.entries(reasons).map(([name, reason]) => `${name}: ${reason}`);
  return `  gateway  ${words.length === 0 ? 'ready' : words.join('; ')}`;
}

function notReady(reasons: Failing): SetupError {
  const { certificate, ...others } = reasons ?? {};
  if (certificate !== undefined) {
    return new SetupError(
      `there is no certificate yet: ${certificate}`,
      'The gateway runs, and tries again by itself, later each time. Once the cause is gone, repeat the same line.',
    );
  }
  const words = Object.entries(others).map(([name, reason]) => `${name}: ${reason}`);
  return new SetupError(
    `the gateway is not ready: ${words.join('; ') || 'it does not answer on its operations port'}`,
    'awala-gateway doctor says more; its log too: journalctl -u awala-gateway.',
  );
}
