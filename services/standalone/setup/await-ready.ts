import { type Clock, delay } from '#clock/clock.ts';
import { NO_CERTIFICATE, STARTING } from '#runtime/readiness.ts';
import { handling } from '../installation.ts';
import type { Failing } from '../running/readiness.ts';
import type { ServiceManager } from './service-manager.ts';
import { SetupError } from './setup-error.ts';
import type { Progress, Terminal } from './terminal.ts';
import { waitInWords } from './wait-in-words.ts';

const PAUSE_MS = 1_000;
/** A certificate takes a minute at most where nothing is wrong. */
const READY_PATIENCE_MS = 5 * 60_000;

/** What a gateway says that lacks nothing but time. */
const WITHOUT_CAUSE: readonly string[] = [STARTING, NO_CERTIFICATE];
/** For checks whose name is not plain. */
const WORDS: Readonly<Record<string, string>> = { certificate: 'its certificate' };

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
  const told = new Set<string>();
  for (;;) {
    const reasons = await failing();
    if (reasons !== null && Object.keys(reasons).length === 0) {
      return;
    }
    if (reasons === null) {
      await failIfDown(service);
    }
    for (const cause of causesIn(reasons).filter((each) => !told.has(each))) {
      told.add(cause);
      terminal.print(`! ${cause}`);
    }
    const passedMs = clock.elapsedMs() - startMs;
    terminal.progress(progressOf(reasons, passedMs));
    if (passedMs >= READY_PATIENCE_MS) {
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

/** What is worth a line of its own: waiting alone does not mend it. */
function causesIn(reasons: Failing): readonly string[] {
  return Object.entries(reasons ?? {})
    .filter(([, reason]) => !WITHOUT_CAUSE.includes(reason))
    .map(([name, reason]) => (name === 'certificate' ? reason : `${name}: ${reason}`));
}

function progressOf(reasons: Failing, passedMs: number): Progress {
  const { start: _start, ...others } = reasons ?? {};
  const lacking = Object.keys(others).map((name) => WORDS[name] ?? name);
  const news = `  gateway  ${lacking.length === 0 ? 'starts' : `waits for ${lacking.join(', ')}`}`;
  const time = `${waitInWords(passedMs)} of ${waitInWords(READY_PATIENCE_MS)}`;
  return { news, lines: [`${news} (${time})`, `gateway ${time}`, time] };
}

function notReady(reasons: Failing): SetupError {
  const patience = `after ${waitInWords(READY_PATIENCE_MS)}`;
  const { certificate, ...others } = reasons ?? {};
  if (certificate !== undefined) {
    const isKnown = !WITHOUT_CAUSE.includes(certificate);
    return new SetupError(
      `${patience} ${certificate}${isKnown ? '' : ', and no answer from the authority'}`,
      `The gateway runs, and goes on trying by itself, later each time. ${isKnown ? '' : 'See what keeps it: sudo awala-gateway doctor. '}Once the cause is gone, repeat the same line.`,
    );
  }
  const words = Object.entries(others).map(([name, reason]) => `${name}: ${reason}`);
  return new SetupError(
    `${patience} the gateway is not ready: ${words.join('; ') || 'it does not answer on its operations port'}`,
    `sudo awala-gateway doctor says more. Its log: ${handling().logs}.`,
  );
}
