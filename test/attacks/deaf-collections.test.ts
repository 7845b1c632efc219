import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, Attacker, assertServed, NETWORKS } from './attacker.ts';
import { UnacknowledgedCalls } from './unacknowledged-calls.ts';

const MIB = 1_024 * 1_024;
const CALLS = 4;
/** So that nothing but the others' need of memory ends the calls. */
const HOUR_MS = 3_600_000;
const PATIENT = {
  paceMs: HOUR_MS,
  writeTimeoutMs: HOUR_MS,
  collection: { ...COGRPC_LIMITS.collection, acknowledgementTimeoutMs: HOUR_MS },
};

const ATTACKS = [
  ...NETWORKS.map(([where, address]) => [`from ${where}`, address, PATIENT] as const),
  // Nobody counts as standing still.
  [
    'as it seems, while they read just enough to go on, from another network',
    ATTACKERS_NETWORK,
    { ...PATIENT, memoryIdleMs: HOUR_MS },
  ],
] as const;

describe('CollectCargo calls that read nothing', () => {
  for (const [how, address, limits] of ATTACKS) {
    it(`${how}, keep no courier from collecting`, async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock, budgetOctets: 32 * MIB, limits });
      const phone = await CargoPhone.register(opened, { name: 'attacker' });
      await holdParcels(opened, phone.peer, { count: 6, octets: 3 * MIB });
      using attacker = new Attacker(opened.port, address);
      const calls = new UnacknowledgedCalls(attacker, { isDeaf: true });
      const renew = async () => {
        // Until it reads, it hears of its call's end by that of the connection only.
        clock.advance(2 * COGRPC_LIMITS.endTimeoutMs);
        await until(() => calls.open === opened.server.calls);
        while (calls.open < CALLS) {
          await calls.show([await phone.cca()]);
        }
        // As much as any of the calls waits for.
        await until(() => opened.collectionBudget.held > 32 * MIB - 10 * MIB);
      };
      const request = async (index: number) => {
        const honest = await CargoPhone.register(opened, { name: `honest ${index}` });
        await holdParcels(opened, honest.peer, { count: 1, octets: 3 * MIB + 300_000 });
        using courier = new Courier(opened.port);
        let isOver = false;
        const collecting = courier.collectAll(await honest.cca()).finally(() => {
          isOver = true;
        });
        await until(() => {
          clock.advance(5);
          return isOver;
        });
        const { cargoes, end } = await collecting;
        return cargoes.length > 0 && end.code === status.OK;
      };
      await assertServed(8, request, renew);
    });
  }
});
