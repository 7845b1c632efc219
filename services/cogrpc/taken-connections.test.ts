import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { frontBefore } from '#test/runtime/front.ts';

const UNAVAILABLE = 14;

describe('CogRPC: connections that another server accepted', () => {
  it('count with its own', async () => {
    await using opened = await openCogrpc({ limits: { maxConnections: 2 } });
    await using front = await frontBefore(opened.server);
    const phone = await CargoPhone.register(opened);
    using taken = new Courier(front.port);
    using own = new Courier(opened.port);
    for (const courier of [taken, own]) {
      const { end } = await courier.deliverAll([await phone.cargo()]);
      assert.equal(end.code, 0);
    }
    for (const port of [front.port, opened.port]) {
      const third = connect(port, '127.0.0.1');
      third.on('error', () => {});
      third.resume();
      await once(third, 'close');
    }
  });

  it('are refused once it drains, and end their calls before that is over', async () => {
    const opened = await openCogrpc();
    await using front = await frontBefore(opened.server);
    using courier = new Courier(front.port);
    const phone = await CargoPhone.register(opened);
    const delivery = courier.deliver();
    delivery.send({ id: 'one', cargo: await phone.cargo() });
    await delivery.receivedAtLeast(1);
    const drained = opened.server.drain(60_000);
    assert.match((await delivery.ended).details, /going away/);
    using newcomer = new Courier(front.port);
    const { end } = await newcomer.deliver({ deadlineMs: 5_000 }).ended.then((end) => ({ end }));
    assert.equal(end.code, UNAVAILABLE);
    await drained;
    await opened[Symbol.asyncDispose]();
  });
});
