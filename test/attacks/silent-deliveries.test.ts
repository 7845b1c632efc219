import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { messageHeader } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, Attacker, assertServed, NETWORKS } from './attacker.ts';
import { SilentCalls } from './silent-calls.ts';

const CALLS = 20;
const MIB = 1_024 * 1_024;
const ONE_OCTET = Buffer.alloc(1);
/** So that nothing but the others' need of memory ends the calls. */
const HOUR_MS = 3_600_000;
const PATIENT = { paceMs: HOUR_MS, firstCargoMs: HOUR_MS, deliveryIdleMs: HOUR_MS };

describe('DeliverCargo calls that say nothing', () => {
  for (const [what, begun] of [
    ['at all', Buffer.alloc(0)],
    ['but how much is to come', messageHeader(9 * MIB)],
  ] as const) {
    for (const [where, address] of NETWORKS) {
      it(`${what}, from ${where}, keep no courier from delivering`, async () => {
        const clock = new ManualClock();
        await using opened = await openCogrpc({ clock, limits: { maxDeliveries: CALLS } });
        using attacker = new Attacker(opened.port, address);
        const calls = new SilentCalls(attacker, { calls: CALLS, begun });
        await calls.renew();
        await until(() => opened.server.calls === CALLS);
        const phone = await CargoPhone.register(opened);
        const request = async () => {
          using courier = new Courier(opened.port);
          return (await courier.deliverAll([await phone.cargo()])).end.code === status.OK;
        };
        await assertServed(20, request, () => calls.renew());
      });
    }
  }

  it('and hold memory for what they do not bring keep no large cargo waiting', async () => {
    const clock = new ManualClock();
    await using opened = await openCogrpc({ clock, limits: PATIENT });
    using attacker = new Attacker(opened.port, ATTACKERS_NETWORK);
    const begun = Buffer.concat([messageHeader(9 * MIB), ONE_OCTET]);
    const calls = new SilentCalls(attacker, { calls: CALLS, begun });
    const request = async () => {
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      stream.send({ id: 'large', cargo: Buffer.alloc(8 * MIB) });
      await until(() => {
        clock.advance(5);
        return stream.received.length > 0;
      });
      stream.call.end();
      return (await stream.ended).code === status.OK;
    };
    const renew = async () => {
      await calls.renew();
      await until(() => opened.deliveryBudget.held > 50 * MIB);
    };
    await assertServed(5, request, renew);
  });
});
