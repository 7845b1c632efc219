import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StandIns } from './stand-ins.ts';

const PRODUCTION = ['--environment', 'production'];

/** `diff google-cloud`, without the values and the flags. */
function inShort(command: string): string {
  return command
    .replace(/^helm /, '')
    .replace(/^(diff|upgrade) .*?(awala|google-cloud) .*$/, '$1 $2');
}

describe('helmfile', () => {
  it('shows what differs in both releases, and no secret with it', async () => {
    await using machine = await StandIns.install(2);
    assert.equal((await machine.helmfile([...PRODUCTION, 'diff'])).code, 0);
    const commands = await machine.commands();
    assert.deepEqual(commands.map(inShort).toSorted(), ['diff awala', 'diff google-cloud']);
    for (const command of commands) {
      assert.match(command, / --suppress-secrets/);
    }
  });

  it('applies after it has shown the difference: Google Cloud, what it makes of it, then the gateway', async () => {
    await using machine = await StandIns.install(2);
    assert.equal((await machine.helmfile([...PRODUCTION, 'apply'])).code, 0);
    const commands = (await machine.commands()).map(inShort);
    assert.deepEqual(commands.slice(0, 2).toSorted(), ['diff awala', 'diff google-cloud']);
    assert.deepEqual(commands.slice(2), [
      'upgrade google-cloud',
      'kubectl wait --for=condition=Ready gcp --all --namespace=awala --timeout=30m',
      'upgrade awala',
    ]);
  });

  it('undoes an upgrade that does not become ready', async () => {
    await using machine = await StandIns.install(2);
    await machine.helmfile([...PRODUCTION, 'apply']);
    const upgrades = (await machine.commands()).filter((each) => each.startsWith('helm upgrade'));
    assert.equal(upgrades.length, 2);
    for (const upgrade of upgrades) {
      assert.match(upgrade, / --wait .*--timeout 900s .*--atomic /);
    }
  });

  for (const [outcome, differs, args, code] of [
    ['nothing differs', 0, [], 0],
    ['the difference cannot be told', 1, [], 1],
    ['nobody says yes', 2, ['--interactive'], 1],
  ] as const) {
    it(`applies nothing when ${outcome}`, async () => {
      await using machine = await StandIns.install(differs);
      const applied = await machine.helmfile([...PRODUCTION, 'apply', ...args]);
      assert.equal(applied.code, code, applied.stderr);
      const commands = (await machine.commands()).map(inShort);
      assert.deepEqual(commands.toSorted(), ['diff awala', 'diff google-cloud']);
    });
  }

  it('does the same in development, without Google Cloud', async () => {
    await using machine = await StandIns.install(2);
    const applied = await machine.helmfile(['--environment', 'development', 'apply']);
    assert.equal(applied.code, 0, applied.stderr);
    assert.deepEqual((await machine.commands()).map(inShort), ['diff awala', 'upgrade awala']);
  });
});
