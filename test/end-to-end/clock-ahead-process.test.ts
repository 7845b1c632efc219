import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { obtainFakeTime } from '#test/backing/programs.ts';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

const DAY_MS = 86_400_000;
const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));

const fakeTime = await obtainFakeTime();

describe('A process whose clock is ahead', {
  skip: 'missing' in fakeTime && fakeTime.missing,
}, () => {
  /** @param hours - how far the clock of the process is from this one's */
  function ahead(hours: number): Readonly<Record<string, string>> {
    const { path } = 'path' in fakeTime ? fakeTime : assert.fail();
    return hours === 0 ? {} : { LD_PRELOAD: path, FAKETIME: `+${hours}h` };
  }

  async function rotate(folder: string, hours: number, ...args: readonly string[]) {
    const env = { PATH: '', DATA_DIR: folder, ...ahead(hours) };
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'rotate', ...args], {
      env,
    });
    return stdout;
  }

  it('for once leaves behind a gateway that renews its certificate in time, and says so', async () => {
    await using folder = await dataFolder();
    {
      await using gateway = await GatewayProcess.start(folder.path, ahead(8));
      assert.equal(await gateway.end('SIGTERM'), 0);
    }
    const told = await rotate(folder.path, 0);
    assert.match(told, /^certificate {2}valid until/m);
    assert.match(told, /^ +1 valid from .*: the clock was ahead when it was issued$/m);
    assert.match(await rotate(folder.path, 0, '--now'), /, issued now$/m);
    for (const day of [91, 182, 273]) {
      await using gateway = await GatewayProcess.start(folder.path, ahead(day * 24));
      const now = new Date(Date.now() + day * DAY_MS);
      const { phone } = await Phone.register(gateway.poweb, 'phone', now);
      const days = (phone.certificate.notAfter.getTime() - now.getTime()) / DAY_MS;
      assert.ok(days > 89, `on day ${day} for ${days} days`);
    }
  });
});
