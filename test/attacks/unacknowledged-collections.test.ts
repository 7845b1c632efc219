import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { Attacker, assertServed, NETWORKS } from './attacker.ts';
import { UnacknowledgedCalls } from './unacknowledged-calls.ts';

const CALLS = 20;

async function phoneWithParcel(opened: OpenedCogrpc, name: string): Promise<CargoPhone> {
  const phone = await CargoPhone.register(opened, { name });
  await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
  return phone;
}

describe('CollectCargo calls that acknowledge nothing', () => {
  for (const [whose, keys] of [
    ['one private gateway', 1],
    ['many private gateways', CALLS],
  ] as const) {
    for (const [where, address] of NETWORKS.slice(0, keys > 1 ? 1 : 2)) {
      it(`of ${whose}, from ${where}, keep no courier from collecting`, async () => {
        const clock = new ManualClock();
        const limits = { maxCollections: CALLS, maxCollectionsForOneGateway: CALLS };
        await using opened = await openCogrpc({ clock, limits });
        const ccas: Buffer[] = [];
        for (let key = 0; key < keys; key++) {
          const phone = await phoneWithParcel(opened, `attacker ${key}`);
          for (let index = 0; index < CALLS / keys; index++) {
            ccas.push(await phone.cca());
          }
        }
        using attacker = new Attacker(opened.port, address);
        const calls = new UnacknowledgedCalls(attacker);
        const renew = async () => {
          await calls.show(ccas);
          await calls.untilReceived();
        };
        await renew();
        const request = async (index: number) => {
          const phone = await phoneWithParcel(opened, `honest ${index}`);
          using courier = new Courier(opened.port);
          const { cargoes, end } = await courier.collectAll(await phone.cca());
          return cargoes.length === 1 && end.code === status.OK;
        };
        await assertServed(20, request, renew);
      });
    }
  }
});
