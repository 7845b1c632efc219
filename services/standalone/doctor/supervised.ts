import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type Clock, delay } from '#clock/clock.ts';
import { parseObject } from '../running/operations-client.ts';
import { type Finding, ill, note } from './finding.ts';
import { type Examined, faultsIn, type Report } from './report.ts';

/** With what it takes to start, less than half a minute. */
const PATIENCE_MS = 25_000;
const MOST_WORDS = 2_000;

interface Supervision {
  /** The program that examines, and its arguments; it writes a JSON report. */
  readonly command: readonly string[];
  readonly clock: Clock;
}

/**
 * Lets another process examine the gateway, and ends it when its time is up: nothing else ends a
 * read from a dead network disk, or a check of a large database.
 *
 * @returns the exit code: 1 if anything is to be fixed, or was not examined to the end
 */
export async function superviseDoctor(
  { command, clock }: Supervision,
  report: Report,
): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => child.kill('SIGKILL');
  // Also when nobody reads what this process prints.
  process.once('exit', end);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk}`.slice(0, MOST_WORDS);
  });
  const examined: Examined[] = [];
  let names: readonly string[] = [];
  const over = Promise.withResolvers<'complete'>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = parseObject(line);
    if (Array.isArray(said.examinations)) {
      names = said.examinations.map(String);
      report.begin(names);
    } else if (typeof said.examination === 'string' && Array.isArray(said.findings)) {
      const each = { examination: said.examination, findings: said.findings as Finding[] };
      examined.push(each);
      report.add(each);
    } else if ('faults' in said) {
      over.resolve('complete');
    }
  });
  const ended = once(child, 'close').then(() => 'ended' as const);
  const late = delay(clock, PATIENCE_MS).then(() => 'late' as const);
  const how = await Promise.race([over.promise, ended, late]);
  // Whatever it still waits for.
  end();
  process.off('exit', end);
  for (const each of missing(how, names.slice(examined.length), complaints)) {
    examined.push(each);
    report.add(each);
  }
  const faults = faultsIn(examined);
  report.end(faults);
  return faults === 0 ? 0 : 1;
}

function missing(
  how: 'complete' | 'ended' | 'late',
  names: readonly string[],
  complaints: string,
): readonly Examined[] {
  if (how === 'complete') {
    return [];
  }
  if (how === 'ended') {
    const says = `the examination ended by itself: ${complaints.trim()}`;
    const cure = { why: 'The rest was not examined.', remedy: 'Report this, with these words.' };
    return [{ examination: 'doctor', findings: [ill('doctor', says, cure)] }];
  }
  return names.map((examination) => ({ examination, findings: [unfinished(examination)] }));
}

function unfinished(examination: string): Finding {
  const says = `not examined within ${PATIENCE_MS / 1_000} s`;
  return examination === 'database'
    ? note(examination, `${says}, as it is large or its disk is slow`, TAKE_YOUR_TIME)
    : ill(examination, says, {
        why: 'What hangs here hangs in the gateway, too.',
        remedy: `Look whether disks and network disks answer (dmesg, df). ${TAKE_YOUR_TIME}`,
      });
}

const TAKE_YOUR_TIME = 'awala-gateway doctor --unbounded takes as long as it takes.';
