import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS } from '#services/standalone/commands/commands.ts';
import { countersign } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

describe('A copy of the data folder that cp made under load', () => {
  it('is refused in a sentence, and taken over by who adopts the folder of a dead gateway', async () => {
    await using place = await dataFolder();
    const [original, copied, late] = ['original', 'copied', 'late'].map((name) =>
      join(place.path, name),
    );
    assert.ok(original && copied && late);
    await using gateway = await GatewayProcess.start(original);
    const phone = await Phone.register(gateway.poweb);
    const load = postUntilGone(gateway.poweb, phone);
    await load.accepted(20);
    execFileSync('cp', ['-r', original, copied]);
    await load.accepted(20);
    await gateway.end('SIGKILL');
    const accepted = await load.ended;
    await assert.rejects(GatewayProcess.start(copied), (error: Error) => {
      assert.match(error.message, /copied\/gateway\.db is a copy made while its gateway ran/);
      assert.doesNotMatch(error.message, /\n\s+at /);
      return true;
    });
    execFileSync('cp', ['-r', original, late]);
    await assert.rejects(GatewayProcess.start(late), /is a copy/);
    const { code, text } = await adopt(late);
    assert.equal(code, 0);
    const held = Number(/It holds (\d+) objects/.exec(text)?.[1]);
    assert.ok(held >= accepted, `${held} of ${accepted}`);
    await using _ = await GatewayProcess.start(late);
  });

  it('is not adopted where there is none', async () => {
    await using place = await dataFolder();
    const { code, text } = await adopt(place.path);
    assert.equal(code, 1);
    assert.match(text, /^There is no .*gateway\.db: set DATA_DIR/);
  });
});

async function adopt(folder: string) {
  const command = await COMMANDS.find(({ name }) => name === 'adopt')?.load();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const code = await command?.run({ args: [], environment: { DATA_DIR: folder }, print });
  return { code, text: lines.join('\n') };
}

/** Posts parcels, some of which become files, until the gateway is gone. */
function postUntilGone(port: number, phone: Phone) {
  let count = 0;
  let waiting = { until: 0, done: () => {} };
  const post = async () => {
    using client = new HttpClient(port);
    for (let index = 0; ; index++) {
      const payload = Buffer.alloc(index % 10 === 9 ? 300_000 : 3_000, `${index}`);
      const parcel = Buffer.from(parcelOn(phone, { payload }));
      const authorization = await countersign(parcel, phone.phone);
      const headers = { 'content-type': PARCEL_TYPE, authorization };
      const { status } = await client.post('/v1/parcels', { headers, body: parcel });
      assert.equal(status, 202);
      count += 1;
      if (count >= waiting.until) {
        waiting.done();
      }
    }
  };
  const ended = Promise.allSettled([post(), post(), post(), post()]).then(() => count);
  return {
    /** How many were accepted in all. */
    ended,
    /** Resolves when so many more were accepted. */
    accepted: (more: number) =>
      new Promise<void>((done) => {
        waiting = { until: count + more, done };
      }),
  };
}
