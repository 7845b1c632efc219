import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { startParcelLoad } from './support/parcel-load.ts';
import { runCommand } from './support/run-command.ts';

describe('A copy of the data folder that cp made under load', () => {
  it('is refused in a sentence, and taken over by who adopts the folder of a dead gateway', async () => {
    await using place = await dataFolder();
    const original = join(place.path, 'original');
    const copied = join(place.path, 'copied');
    const late = join(place.path, 'late');
    await using gateway = await GatewayProcess.start(original);
    const load = startParcelLoad(gateway.poweb, await Phone.register(gateway.poweb));
    await load.more(20);
    execFileSync('cp', ['-r', original, copied]);
    await load.more(20);
    await gateway.end('SIGKILL');
    await load.stop();
    await assert.rejects(GatewayProcess.start(copied), (error: Error) => {
      assert.match(error.message, /copied\/gateway\.db is a copy made while its gateway ran/);
      assert.doesNotMatch(error.message, /\n\s+at /);
      return true;
    });
    execFileSync('cp', ['-r', original, late]);
    await assert.rejects(GatewayProcess.start(late), /is a copy/);
    const { code, text } = await runCommand('adopt', { DATA_DIR: late });
    assert.equal(code, 0);
    const held = Number(/It holds (\d+) objects/.exec(text)?.[1]);
    assert.ok(held >= load.accepted.size, `${held} of ${load.accepted.size}`);
    await using _ = await GatewayProcess.start(late);
  });

  it('is not adopted where there is none', async () => {
    await using place = await dataFolder();
    const { code, text } = await runCommand('adopt', { DATA_DIR: place.path });
    assert.equal(code, 1);
    assert.match(text, /^There is no .*gateway\.db: set DATA_DIR/);
  });
});
