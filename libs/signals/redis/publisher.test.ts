import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { LOOK } from './dropped-messages.ts';
import type { PublisherLink } from './link.ts';
import { Publisher } from './publisher.ts';

/** Redis, or what a connection to it leads to. */
class SimulatedLink implements PublisherLink {
  isUp = true;
  connection = 1;
  isAway = false;
  isReplica = false;
  readonly published: [channel: string, message: string][] = [];

  async publish(channel: string, message: string): Promise<void> {
    if (this.isAway) {
      throw new Error('away');
    }
    this.published.push([channel, message]);
  }

  async write(): Promise<void> {
    if (this.isAway || this.isReplica) {
      throw new Error(this.isReplica ? 'READONLY' : 'away');
    }
  }

  close(): void {}
}

class Setting {
  readonly clock = new ManualClock();
  readonly link = new SimulatedLink();
  readonly publisher = new Publisher({
    clock: this.clock,
    log: silentLog,
    open: () => this.link,
    checkKey: 'check',
  });

  /** Lets time pass, with all that it brings about. */
  async elapse(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      await soon();
      this.clock.advance(Math.min(left, 250));
    }
    await soon();
  }

  /** Who was told to look, in order. */
  get told(): string[] {
    return this.link.published.flatMap(([channel, message]) => (message === LOOK ? [channel] : []));
  }

  get messages(): string[] {
    return this.link.published.flatMap(([, message]) => (message === LOOK ? [] : [message]));
  }
}

function soon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('subscribers whose messages were dropped', () => {
  it('are told to look once Redis is back, each channel once', async () => {
    const setting = new Setting();
    const { link, publisher } = setting;
    link.isAway = true;
    for (const [channel, message] of [
      ['one', '1'],
      ['two', '2'],
      ['one', '3'],
    ] as const) {
      publisher.publish(channel, message);
    }
    await setting.elapse(60_000);
    publisher.publish('three', 'late');
    link.isAway = false;
    await setting.elapse(60_000);
    assert.deepEqual(setting.told, ['one', 'two']);
    assert.deepEqual(setting.messages, ['late']);
  });

  it('are told however long Redis was away', async () => {
    const setting = new Setting();
    setting.link.isAway = true;
    setting.publisher.publish('one', '1');
    await setting.elapse(600_000);
    setting.link.isAway = false;
    await setting.elapse(1_000);
    assert.deepEqual(setting.told, ['one']);
  });

  it('are told if there were too many messages to keep', async () => {
    const setting = new Setting();
    const { link, publisher } = setting;
    link.isAway = true;
    publisher.publish('many', 'on its way already');
    for (let message = 0; message < 10_000; message++) {
      publisher.publish('many', String(message));
    }
    publisher.publish('one too many', '1');
    publisher.publish('one too many', '2');
    link.isAway = false;
    await setting.elapse(1_000);
    assert.equal(setting.messages.length, 10_001);
    assert.deepEqual(setting.told, ['one too many']);
  });

  it('are told on 50 000 channels at most', async () => {
    const setting = new Setting();
    setting.link.isAway = true;
    for (let channel = 0; channel < 70_000; channel++) {
      setting.publisher.publish(String(channel), 'message');
    }
    setting.link.isAway = false;
    await setting.elapse(1_000);
    assert.equal(setting.told.length, 50_000);
    assert.equal(new Set(setting.told).size, 50_000);
  });

  it('are told if more went to a replica than are kept to be sent again', async () => {
    const setting = new Setting();
    const { link, publisher } = setting;
    publisher.publish('first', '1');
    for (let message = 0; message < 10_000; message++) {
      publisher.publish('many', String(message));
      if (message % 5_000 === 0) {
        await soon();
      }
    }
    await soon();
    assert.deepEqual(setting.told, []);
    link.isReplica = true;
    await setting.elapse(5_000);
    link.isReplica = false;
    await setting.elapse(1_000);
    assert.deepEqual(setting.told, ['first']);
    assert.equal(setting.messages.length, 20_001);
  });

  it('are not told once a write showed that nothing went to a replica', async () => {
    const setting = new Setting();
    const { link, publisher } = setting;
    for (let message = 0; message < 10_001; message++) {
      publisher.publish('many', String(message));
      if (message % 5_000 === 0) {
        await soon();
      }
    }
    await setting.elapse(6_000);
    link.isReplica = true;
    await setting.elapse(60_000);
    assert.deepEqual(setting.told, []);
    assert.equal(setting.messages.length, 10_001);
  });
});
