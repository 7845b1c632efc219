import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { which } from '#test/backing/programs.ts';

const run = promisify(execFile);

const MOST_HELP_MS = 60_000;

/** What has flags of every command of a program in a help of its own. */
const COMMON_FLAGS: Readonly<Record<string, readonly string[]>> = { kubectl: ['options'] };

/** Those of the programs that this machine has. */
export async function installedPrograms(programs: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    programs.map(async (each) => ((await which(each)) ? [each] : [])),
  );
  return new Set(found.flat());
}

/** The flags that the program's own help names, for the command that the words are. */
export async function flagsInstalled(
  program: string,
  words: readonly string[],
): Promise<ReadonlySet<string>> {
  const help = await helpOf(program, [...words, '--help']);
  // Some programs show the help of a group for a command in it that they do not know.
  assert.ok(help.includes([program, ...words].join(' ')), `${program} ${words.join(' ')}`);
  const common = COMMON_FLAGS[program];
  const whole = common ? help + (await helpOf(program, common)) : help;
  // Such a flag takes no value, and gcloud takes its negation, whether the help says so or not.
  const flags = whole.matchAll(/\[--(?<name>[a-z0-9-]+)\]/g);
  return new Set([
    ...(whole.match(/--[a-z][a-z0-9-]*/g) ?? []),
    ...Array.from(flags, ({ groups }) => `--no-${groups?.name}`),
  ]);
}

/** Nothing that the user set up for the program has a part in it. */
async function helpOf(program: string, parameters: readonly string[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'awala-help-'));
  try {
    const env = { PATH: process.env.PATH, HOME: home, CLOUDSDK_CONFIG: home, PAGER: 'cat' };
    const { stdout } = await run(program, parameters, { env, timeout: MOST_HELP_MS });
    return stripVTControlCharacters(stdout);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
