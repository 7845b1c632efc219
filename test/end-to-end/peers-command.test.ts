import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { composeStandalone, type Standalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { identity } from '#test/builders/peers.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone, postingOf } from '#test/peers/phone.ts';
import { until, whileTimePasses } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { runCommand } from './support/run-command.ts';

const ID = identity('phone').nodeId;
const OTHER = identity('another phone').nodeId;

describe('awala-gateway peers, beside a gateway that runs', () => {
  const clock = new ManualClock(new Date());
  let folder: string;
  let gateway: Standalone;
  let phone: Phone;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-peers-'));
    const config = readStandaloneConfig({ DATA_DIR: folder, ...ANY_PORT });
    gateway = await composeStandalone(config, { log: silentLog, clock });
    phone = await Phone.register(gateway.listening.poweb, 'phone', clock.now());
  });
  after(async () => {
    await whileTimePasses(clock, Promise.resolve(gateway[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true, force: true });
  });

  function peers(...args: string[]) {
    return runCommand('peers', { DATA_DIR: folder, SUDO_USER: 'olga' }, args);
  }

  async function post(): Promise<number> {
    using client = new HttpClient(gateway.listening.poweb);
    const posting = await postingOf(await phone.parcel(), phone.phone);
    return (await client.post('/v1/parcels', posting)).status;
  }

  /** Lets ten seconds pass. */
  async function untilBlocked(isBlocked: boolean): Promise<void> {
    clock.advance(10_000);
    await until(() => (gateway.gateway.policy.blockOf(ID) !== null) === isBlocked);
  }

  it('blocks a phone, says so, and unblocks it', async () => {
    assert.deepEqual(await peers('list'), { code: 0, text: '' });
    assert.match(
      (await peers('block', ID, '--reason', 'floods us', '--for', '7d')).text,
      /^blocked;/,
    );
    assert.match(
      (await peers('list')).text,
      new RegExp(`^${ID}\\n  blocked [-0-9]{10} [0-9:]{5}, until [-0-9]{10} [0-9:]{5}: floods us$`),
    );
    await untilBlocked(true);
    assert.equal(await post(), 503);

    assert.match((await peers('unblock', ID, '--reason', 'a mistake')).text, /^unblocked;/);
    assert.match((await peers('unblock', ID, '--reason', 'again')).text, /^it was not blocked$/);
    await untilBlocked(false);
    assert.equal(await post(), 202);
  });

  it('purges what is held for one phone, and only if told so', async () => {
    await phone.deliver();
    const held = JSON.parse((await peers('show', ID, '--json')).text);
    assert.equal(held.block, null);
    assert.ok(held.held.parcels > 0);
    const unasked = await peers('purge', ID, '--reason', 'asked to');
    assert.match(unasked.text, /say --yes$/);
    assert.match(
      (await peers('purge', OTHER, '--reason', 'x', '--yes')).text,
      /deleted: 0 parcels/,
    );
    assert.deepEqual(JSON.parse((await peers('show', ID, '--json')).text), held);

    const purged = await peers('purge', ID, '--reason', 'asked to', '--yes');
    assert.match(purged.text, new RegExp(`deleted: ${held.held.parcels} parcels? for it`));
    assert.match((await peers('show', ID)).text, /not blocked\n {2}held: 0 parcels/);
  });

  it('sets how much a phone may send, and takes that back', async () => {
    const set = await peers(
      'quota',
      ID,
      '--factor',
      '0.5',
      '--reason',
      'a nuisance',
      '--for',
      '7d',
    );
    assert.match(set.text, /^set;/);
    assert.match((await peers('show', ID)).text, /\n {2}quotas times 0.5 since .*: a nuisance\n/);
    assert.match((await peers('list')).text, new RegExp(`^${ID}\\n  quotas times 0.5 since`));
    const [listed] = (await peers('list', '--json')).text.split('\n');
    assert.equal(JSON.parse(listed ?? '').factor, 0.5);
    clock.advance(10_000);
    await until(() => gateway.gateway.policy.quotaFactorOf(ID) === 0.5);

    await peers('quota', ID, '--factor', '1', '--reason', 'enough');
    assert.equal((await peers('list')).text, '');
    assert.equal(JSON.parse((await peers('show', ID, '--json')).text).quota, null);
  });

  it('invites newcomers, and says how many may still come', async () => {
    const invited = await peers('invite', '--count', '2', '--reason', 'a course');
    assert.equal(invited.text, 'the next 2 may register now');
    assert.match((await peers('list')).text, /^invitation\n {2}2 places left, .*: a course$/);
    assert.match(
      (await peers('invite', '--count', '0', '--reason', 'all are here')).text,
      /^nobody is invited$/,
    );
    assert.match((await peers('list')).text, /^invitation\n {2}0 places left, /);
    assert.equal(
      (await peers('invite', OTHER, '--reason', 'a friend')).text,
      'it may register now',
    );
    assert.match((await peers('invite', OTHER, '--reason', 'again')).text, /already$/);
  });

  it('notes each act with who did it and why', async () => {
    const lines = (await peers('log', '--json')).text.split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ by, act, peer, reason }) => [by, act, peer, reason]),
      [
        ['olga', 'block', ID, 'floods us'],
        ['olga', 'unblock', ID, 'a mistake'],
        ['olga', 'purge', OTHER, 'x'],
        ['olga', 'purge', ID, 'asked to'],
        ['olga', 'quota', ID, 'a nuisance'],
        ['olga', 'quota', ID, 'enough'],
        ['olga', 'invite', null, 'a course'],
        ['olga', 'invite', null, 'all are here'],
        ['olga', 'invite', OTHER, 'a friend'],
        ['olga', 'invite', OTHER, 'again'],
      ],
    );
    assert.match(
      (await peers('log')).text,
      /olga: block 0[0-9a-f]{64} \(until .*\)\n {2}floods us/,
    );
  });

  it('says what is wrong with its arguments', async () => {
    const wrong: readonly [readonly string[], RegExp][] = [
      [[], /say list, show, log, block, unblock, purge, quota, or invite/],
      [['block'], /needs the id/],
      [['block', 'phone', '--reason', 'x'], /“phone” is no id/],
      [['block', ID], /needs --reason/],
      [['block', ID, '--reason', 'x'.repeat(201)], /200 characters/],
      [['block', ID, '--reason', 'a\nb'], /one line/],
      [['block', ID, '--reason', 'x', '--for', '7'], /such as 30m, 12h or 7d/],
      [['block', ID, '--reason', 'x', '--for', '4000d'], /up to 3650d/],
      [['unblock', ID, '--for', '7d'], /takes no --for/],
      [['quota', ID, '--reason', 'x'], /needs --factor, from 0.01 to 1000/],
      [['quota', ID, '--reason', 'x', '--factor', '0'], /needs --factor/],
      [['quota', ID, '--reason', 'x', '--factor', '1001'], /needs --factor/],
      [['quota', ID, '--reason', 'x', '--factor', '1e2'], /needs --factor/],
      [['invite'], /needs --reason/],
      [['invite', '--reason', 'x', '--count', '1001'], /up to 1000/],
      [['invite', ID, '--reason', 'x', '--count', '2'], /for whoever comes/],
      [['list', ID], /unexpected argument/],
    ];
    for (const [args, message] of wrong) {
      const { code, text } = await peers(...args);
      assert.equal(code, 1);
      assert.match(text, message);
    }
  });
});
