import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { messageHeader, RawCall } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, Attacker, assertServed } from './attacker.ts';

const WATCH = '/grpc.health.v1.Health/Watch';
const CHECK = '/grpc.health.v1.Health/Check';
const CALLS_ON_A_CONNECTION = 50;
/** An empty request: the whole server. */
const WHOLE = messageHeader(0);

/** Whether a probe is told that it serves. */
async function isHealthy({ port }: OpenedCogrpc): Promise<boolean> {
  const check = RawCall.begin(port, CHECK);
  await check.send(WHOLE);
  const answer = await check.finish();
  check.vanish();
  return answer === '0';
}

/** Whether one who watches from another network is told at once how it is. */
async function isTold({ port }: OpenedCogrpc): Promise<boolean> {
  const watch = RawCall.begin(port, WATCH);
  await watch.send(WHOLE);
  let isRefused = false;
  void watch.finish().then(() => {
    isRefused = true;
  });
  await until(() => isRefused || watch.receivedOctets > 0);
  watch.vanish();
  return !isRefused;
}

describe('Couriers and probes are served while a stranger', () => {
  for (const [what, path, begun, most] of [
    [
      'watches the health of the server, as often as it may',
      WATCH,
      WHOLE,
      COGRPC_LIMITS.maxWatches,
    ],
    [
      'begins to ask for it, and does not end',
      CHECK,
      Buffer.alloc(1),
      COGRPC_LIMITS.maxHealthRequests,
    ],
  ] as const) {
    it(what, async () => {
      await using opened = await openCogrpc({ clock: new ManualClock() });
      const phone = await CargoPhone.register(opened);
      using attacker = new Attacker(opened.port, ATTACKERS_NETWORK);
      for (let count = 0; count < 2 * most; count += CALLS_ON_A_CONNECTION) {
        const session = await attacker.connect();
        for (let index = 0; index < CALLS_ON_A_CONNECTION; index++) {
          const call = RawCall.over(session, path);
          void call.send(begun);
          if (path === WATCH) {
            void call.finish();
          }
        }
        await new Promise((resolve) => session.ping(resolve));
      }
      if (path === WATCH) {
        assert.ok(await isTold(opened), 'a probe may watch as well');
      }
      await assertServed(10, async () => {
        using courier = new Courier(opened.port);
        const { end } = await courier.deliverAll([await phone.cargo()]);
        return end.code === status.OK && (await isHealthy(opened));
      });
    });
  }
});
