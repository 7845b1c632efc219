import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe, it } from 'node:test';
import { runCommandLine } from './command-line.ts';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';

const SEND: Command = {
  usage: `Usage: awala-gateway send [--twice] [--to <address>]

  --twice  send it twice; not as --do-nothing-else`,
  run: async () => {
    throw new Error('nobody is there');
  },
};

/** Runs a line, and resolves with its exit code, what it printed, and what it complained of. */
async function run(line: string, environment: Readonly<Record<string, string>> = {}) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const exitCode = await runCommandLine(
    {
      commands: [...COMMANDS, { name: 'send', summary: 'send it', load: async () => SEND }],
      defaultCommand: 'serve',
      printError: (text) => complaints.push(text),
    },
    { args: line.split(' '), environment, print: (text) => printed.push(text) },
  );
  return { exitCode, printed: printed.join('\n'), complaints: complaints.join('\n') };
}

describe('command line', () => {
  it('shows the version, with the commit if that is known', async () => {
    const { exitCode, printed } = await run('--version');
    assert.equal(exitCode, 0);
    assert.match(printed, /^awala-gateway \d+\.\d+\.\d+ \(Node v\d+\.\d+\.\d+\)$/);
    const known = await run('--version', { REVISION: '0f0f0f' });
    assert.match(known.printed, /^awala-gateway \S+ \(0f0f0f, Node \S+\)$/);
    for (const word of ['-v', 'version']) {
      assert.equal((await run(word)).printed, printed);
    }
  });

  it('refuses an unknown command, and names the one that was meant', async () => {
    const { exitCode, complaints } = await run('pign');
    assert.equal(exitCode, 64);
    assert.match(complaints, /^There is no command “pign”; did you mean ping\?\n\nUsage:/);
    assert.match((await run('dance')).complaints, /^There is no command “dance”\.\n\nUsage:/);
    assert.match((await run('--verison')).complaints, /; did you mean --version\?/);
  });

  it('refuses an unknown option, and names the one that was meant', async () => {
    const { exitCode, complaints } = await run('send --twise');
    assert.equal(exitCode, 64);
    assert.match(
      complaints,
      /^there is no option --twise; did you mean --twice\?\n\nawala-gateway help send lists the options\.$/,
    );
    assert.match((await run('send --tos=us')).complaints, /--tos; did you mean --to\?/);
    assert.match(
      (await run('send --once')).complaints,
      /^there is no option --once\n\nawala-gateway help send/,
    );
  });

  for (const { name } of COMMANDS) {
    it(`refuses an unknown option of ${name}`, async () => {
      for (const option of ['--no-such-option', '-x.example.org']) {
        const { exitCode, complaints } = await run(`${name} ${option}`);
        assert.equal(exitCode, 64);
        assert.equal(
          complaints,
          `there is no option ${option}\n\nawala-gateway help ${name} lists the options.`,
        );
      }
    });
  }

  it('says in its own words what is wrong with an option', async () => {
    const said = async (line: string) => (await run(line)).complaints.split('\n')[0];
    assert.equal(await said('setup --wait'), '--wait needs a value');
    assert.equal(await said('setup --wait --yes a.example'), '--wait needs a value');
    assert.equal(await said('setup --yes=no a.example'), '--yes takes no value');
    assert.equal(await said('doctor now'), 'unexpected argument “now”');
    assert.match(
      (await said('setup --wait 10 a.example')) ?? '',
      /but is "10": add a unit: 10s, 10m or 10h$/,
    );
    assert.match((await said('setup --wait 2d a.example')) ?? '', /days are not a unit: 48h$/);
  });

  it('says what to type instead of words that others know', async () => {
    for (const [word, instead] of [
      ['start', 'npm start'],
      ['help start', 'npm start'],
      ['stop', 'Ctrl-C in the terminal that it runs in'],
      ['update', 'git pull && npm ci, then start it anew'],
    ] as const) {
      const { exitCode, complaints } = await run(word);
      assert.equal(exitCode, 64);
      assert.equal(
        complaints,
        `There is no command “${word.split(' ').at(-1)}”. Instead: ${instead}`,
      );
    }
    for (const word of ['restart', 'logs', 'uninstall', 'upgrade']) {
      assert.match((await run(word)).complaints, /^There is no command “\w+”\. Instead: /);
    }
  });

  it('helps with its commands only', async () => {
    assert.match((await run('help send')).printed, /^Usage: awala-gateway send/);
    assert.match((await run('help')).printed, /^Usage: awala-gateway <command>/);
    const { exitCode, complaints } = await run('help sned');
    assert.equal(exitCode, 64);
    assert.match(complaints, /^There is no command “sned”; did you mean send\?\n\nUsage:/);
  });

  it('refuses an argument where there is none', async () => {
    const { exitCode, complaints } = await run('serve forever');
    assert.equal(exitCode, 64);
    assert.match(complaints, /^unexpected argument “forever”/);
  });

  it('refuses a variable that is nearly one of ours', async () => {
    const { exitCode, complaints } = await run('keygen', { DATADIR: '/nowhere' });
    assert.equal(exitCode, 1);
    assert.match(complaints, /DATADIR is unknown, but nearly DATA_DIR/);
  });

  it('ends no command while that waits to try again', () => {
    const resolve = (path: string) => JSON.stringify(import.meta.resolve(path));
    const script = `
      import { delay, systemClock } from ${resolve('#clock/clock.ts')};
      import { runCommandLine } from ${resolve('./command-line.ts')};
      const run = async () => {
        await delay(systemClock, 1);
        return 3;
      };
      const load = async () => ({ usage: '', run });
      process.exitCode = await runCommandLine(
        { commands: [{ name: 'wait', summary: '', load }], printError: console.error },
        { args: ['wait'], environment: {}, print: console.log },
      );`;
    const program = ['--input-type=module', '--eval', script];
    const { status, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 3);
  });

  it('says why a command failed in a sentence, and where only if asked', async () => {
    const { exitCode, complaints } = await run('send');
    assert.equal(exitCode, 1);
    assert.equal(complaints, 'awala-gateway send: nobody is there');
    assert.match((await run('send', { LOG_LEVEL: 'debug' })).complaints, /\n {4}at /);
  });
});
