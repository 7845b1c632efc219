import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CollectionSetting, settled } from '#test/builders/collections.ts';

/** A collection whose subscription does not stand yet. */
function subscribing() {
  const setting = new CollectionSetting();
  const subscribed = Promise.withResolvers<void>();
  setting.signals.ready = () => subscribed.promise;
  return {
    setting,
    collection: setting.collect({ keepAlive: false }),
    subscribed: subscribed.resolve,
  };
}

/** Whether it has resolved, once everything that can happen has. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settled();
  return done;
}

describe('ParcelCollection that winds up', () => {
  it('sends nothing more, and is done once all that was sent is acknowledged', async () => {
    const setting = new CollectionSetting();
    await setting.storeMany(10);
    const collection = setting.collect({ limits: { window: 2 } });
    await settled();
    const windingUp = collection.windUp();
    collection.acknowledgeOldest();
    assert.equal(await isDone(windingUp), false);
    collection.acknowledgeOldest();
    assert.equal(await isDone(windingUp), true);
    assert.equal(collection.sent.length, 2);
    assert.equal(await setting.heldCount(), 8);
    assert.equal(collection.hasEnded, false);
    collection.disconnect();
  });

  it('waits for the network to take what is being sent, though it was acknowledged', async () => {
    const setting = new CollectionSetting();
    await setting.store('one');
    const sending = Promise.withResolvers<void>();
    const collection = setting.collect({ sending: () => sending.promise });
    await settled();
    const windingUp = collection.windUp();
    collection.acknowledgeOldest();
    assert.equal(await isDone(windingUp), false);
    sending.resolve();
    assert.equal(await isDone(windingUp), true);
    collection.disconnect();
  });

  it('is done at once where nothing was sent, and stays so when the backlog is found', async () => {
    const { setting, collection, subscribed } = subscribing();
    assert.equal(await isDone(collection.windUp()), true);
    await setting.storeMany(3);
    subscribed();
    await settled();
    assert.deepEqual(collection.sent, []);
    assert.equal(collection.hasEnded, false);
    collection.disconnect();
  });

  it('ends by itself only once it has listed and there is nothing', async () => {
    const { collection, subscribed, setting } = subscribing();
    assert.equal(await isDone(collection.windUp()), true);
    setting.signals.interrupted();
    await settled();
    await settled();
    assert.equal(collection.hasEnded, false);
    subscribed();
    await settled();
    assert.equal(collection.hasEnded, true);
    await collection.ended;
  });
});
