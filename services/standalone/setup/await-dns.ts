import { type Clock, delay } from '#clock/clock.ts';
import type { Dns } from '../reach/find-service.ts';
import { ReachError } from '../reach/reach-error.ts';
import type { ClockCheck } from './clock-check.ts';
import { type DnsState, isEnough, lookAtDns } from './dns-state.ts';
import { adviceOnDns, complaintsOfDns, progressOfDns } from './dns-words.ts';
import type { DnsPlan } from './records.ts';
import { SetupError } from './setup-error.ts';
import type { Terminal } from './terminal.ts';

const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 60_000;
const GROWTH = 1.5;
/** How often the line that counts the time moves. */
const TICK_MS = 1_000;

interface AwaitDnsParts {
  readonly clock: Clock;
  readonly dns: Dns;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** How CAA records name the certificate authority; null if there is none. */
  readonly authority: string | null;
  /** How long to wait, in milliseconds. */
  readonly patienceMs: number;
  /** Whether to wait for DNSSEC too. */
  readonly needsProof: boolean;
  readonly clockCheck: ClockCheck;
}

/**
 * Looks at the DNS until everything is there that clients look up.
 *
 * @returns what it says then
 * @throws {SetupError} naming what is missing and what is wrong when time is up
 */
export async function awaitDns(plan: DnsPlan, parts: AwaitDnsParts): Promise<DnsState> {
  const { clock, terminal, patienceMs, needsProof } = parts;
  const startMs = clock.elapsedMs();
  const told = new Set<string>();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const state = await look(plan, parts);
    parts.clockCheck.check();
    for (const complaint of complaintsOfDns(state, plan).filter((each) => !told.has(each))) {
      told.add(complaint);
      terminal.print(`! ${complaint}`);
    }
    const passedMs = clock.elapsedMs() - startMs;
    const found = state instanceof ReachError || !isEnough(state, needsProof) ? null : state;
    if (found || passedMs >= patienceMs) {
      terminal.progress(progressOfDns(state, { passedMs, nextLookMs: null }));
      if (found) {
        return found;
      }
      throw outOfPatience(state, plan);
    }
    await waitForNextLook(state, Math.min(pauseMs, patienceMs - passedMs), { ...parts, startMs });
    pauseMs = Math.min(pauseMs * GROWTH, MAX_PAUSE_MS);
  }
}

/** Shows meanwhile that time passes. */
async function waitForNextLook(
  state: DnsState | ReachError,
  pauseMs: number,
  { clock, terminal, signal, startMs }: AwaitDnsParts & { readonly startMs: number },
): Promise<void> {
  const endMs = clock.elapsedMs() + pauseMs;
  for (;;) {
    const nowMs = clock.elapsedMs();
    const nextLookMs = endMs - nowMs;
    if (nextLookMs <= 0) {
      return;
    }
    terminal.progress(progressOfDns(state, { passedMs: nowMs - startMs, nextLookMs }));
    await delay(clock, Math.min(nextLookMs, TICK_MS), signal);
  }
}

/** A resolver that fails now may answer soon. */
async function look(
  plan: DnsPlan,
  { dns, authority, clockCheck }: AwaitDnsParts,
): Promise<DnsState | ReachError> {
  try {
    return await lookAtDns(plan, { dns, authority });
  } catch (error) {
    clockCheck.blame(error);
    if (error instanceof ReachError) {
      return error;
    }
    throw error;
  }
}

function outOfPatience(state: DnsState | ReachError, plan: DnsPlan): SetupError {
  if (state instanceof ReachError) {
    return new SetupError(state.message, state.remedy, { cause: state });
  }
  return new SetupError('the DNS does not lead to this gateway yet', adviceOnDns(state, plan));
}
