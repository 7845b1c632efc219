import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { COMMANDS } from '#services/standalone/commands/commands.ts';
import {
  type DocumentedCommand,
  readCommands,
  readCommandsInProse,
} from './documented-commands.ts';
import { flagsInstalled, installedPrograms } from './installed-programs.ts';
import { renderEnvironment } from './rendering.ts';
import { runTool } from './tools.ts';

const ROOT = new URL('../../', import.meta.url);
const commands = await readCommands(new URL('docs/operations.md', ROOT));
const smallCloud = await readCommands(new URL('docs/small-cloud.md', ROOT));
const inProse = (
  await Promise.all(
    ['docs/operations.md', 'docs/small-cloud.md', 'docs/runbook.md', 'docs/scaling.md'].map(
      (path) => readCommandsInProse(new URL(path, ROOT)),
    ),
  )
).flat();
const known: Readonly<Record<string, readonly string[]>> = parse(
  await readFile(new URL('known-commands.yaml', import.meta.url), 'utf8'),
);
const installed = await installedPrograms(['gcloud', 'kubectl', 'docker', 'gh']);

const all = [...commands, ...smallCloud, ...inProse];
const of = (...programs: readonly string[]) =>
  all.filter(({ program }) => programs.includes(program));

/** The flags that a program's own help names, for the command that words begin with. */
async function flagsInHelp(
  tool: 'helm' | 'helmfile',
  words: readonly string[],
): Promise<ReadonlySet<string>> {
  const { code, stdout } = await runTool(tool, [...words, '--help']);
  assert.equal(code, 0, `${tool} ${words.join(' ')}`);
  assert.match(stdout, new RegExp(`^ *${tool} ${words.join(' ')}( |$)`, 'm'));
  return new Set(stdout.match(/--[a-z][a-z0-9-]*/g));
}

/** The longest command in the table that the words begin with. */
function commandKnown({ program, words }: DocumentedCommand): string | undefined {
  const line = [program, ...words].join(' ');
  return Object.keys(known)
    .filter((name) => line === name || line.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length)[0];
}

describe('the commands in docs/operations.md and docs/small-cloud.md', () => {
  it('are many, and of programs that the tests know', () => {
    const programs = [...new Set(commands.map(({ program }) => program))].toSorted();
    const expected = [
      'awala-gateway',
      'curl',
      'docker',
      'export',
      'gcloud',
      'gh',
      'helm',
      'helmfile',
      'kubectl',
      'tar',
      'unset',
    ];
    assert.deepEqual(programs, expected);
    assert.ok(commands.length > 50);
    assert.ok(inProse.length >= 10);
    const ofSmallCloud = new Set(smallCloud.map(({ program }) => program));
    assert.deepEqual([...ofSmallCloud].toSorted(), [
      '.',
      'awala-gateway',
      'export',
      'gcloud',
      'npm',
      'set',
    ]);
  });

  it('exist in Helm and helmfile, with these flags', async () => {
    for (const tool of ['helm', 'helmfile'] as const) {
      for (const { line, words, flags } of of(tool)) {
        const count = words[0] === 'get' ? 2 : 1;
        const inHelp = await flagsInHelp(tool, words.slice(0, count));
        for (const flag of flags) {
          assert.ok(inHelp.has(flag), `${line}: ${flag}`);
        }
      }
    }
  });

  it('exist in the command line of the gateway', async () => {
    for (const { line, words, flags } of of('awala-gateway')) {
      const command = COMMANDS.find(({ name }) => name === words[0]);
      assert.ok(command, line);
      const { usage } = await command.load();
      assert.ok(
        flags.every((flag) => usage.includes(flag)),
        line,
      );
    }
  });

  it('are in the table of other programs, with these flags, and none there is unused', () => {
    const used = new Map<string, Set<string>>();
    for (const command of of('gcloud', 'kubectl', 'docker', 'gh', 'curl', 'tar')) {
      const name = commandKnown(command);
      assert.ok(name, `${command.line} is not known`);
      const unknown = command.flags.filter((flag) => !known[name]?.includes(flag));
      assert.deepEqual(unknown, [], command.line);
      used.set(name, new Set([...(used.get(name) ?? []), ...command.flags]));
    }
    for (const [name, flags] of Object.entries(known)) {
      assert.deepEqual([...(used.get(name) ?? [])].toSorted(), flags.toSorted(), name);
    }
  });

  for (const program of ['gcloud', 'kubectl', 'docker', 'gh'] as const) {
    const isAbsent = !installed.has(program);
    const skip = isAbsent && `${program} is not installed: only the table vouches for its flags`;
    it(`exist in ${program}, with the flags that the table gives them`, { skip }, async () => {
      const lines = Object.entries(known).filter(([name]) => name.startsWith(`${program} `));
      assert.ok(lines.length > 0);
      for (const [name, flags] of lines) {
        const inHelp = await flagsInstalled(program, name.split(' ').slice(1));
        const unknown = flags.filter((flag) => !inHelp.has(flag));
        assert.deepEqual(unknown, [], name);
      }
    });
  }

  it('show the difference before they apply anything', () => {
    const ofHelmfile = commands
      .filter(({ program }) => program === 'helmfile')
      .filter(({ line }) => !line.includes('development'));
    for (const [index, { line, words }] of ofHelmfile.entries()) {
      assert.notEqual(words[0], 'sync', line);
      if (words[0] === 'apply') {
        assert.equal(ofHelmfile[index - 1]?.words[0], 'diff', line);
        assert.ok(line.includes('--interactive'), line);
      }
    }
  });

  it('name resources that the charts make', async () => {
    const made = (await renderEnvironment('production')).map(
      ({ kind, name }) => `${kind.toLowerCase()}/${name}`,
    );
    const named = of('kubectl').flatMap(({ line, words }) => [
      ...(line.match(
        /\b(?:kmscryptokey|iampolicymember|redisinstance|deployment|cronjob)\/[\w-]+/g,
      ) ?? []),
      ...(words[0] === 'delete' && words[1] === 'dnsrecordset'
        ? words.slice(2).map((each) => `dnsrecordset/${each}`)
        : []),
      ...(words[0] === 'scale' && words[1] === 'deployment'
        ? words.slice(2).map((each) => `deployment/${each}`)
        : []),
    ]);
    assert.ok(named.length >= 8);
    assert.deepEqual(
      named.filter((each) => !made.includes(each)),
      [],
    );
  });
});
