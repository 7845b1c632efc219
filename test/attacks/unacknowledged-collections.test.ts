import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { RawCall } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { Attacker, assertServed, NETWORKS } from './attacker.ts';

const COLLECT = '/awala.cogrpc.CargoRelay/CollectCargo';
const CALLS = 20;

async function phoneWithParcel(opened: OpenedCogrpc, name: string): Promise<CargoPhone> {
  const phone = await CargoPhone.register(opened, { name });
  await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
  return phone;
}

/** Shows the same CCAs again and again, each over a connection of its own. */
class UnacknowledgedCollections {
  readonly #attacker: Attacker;
  readonly #ccas: readonly Buffer[];
  readonly #calls = new Map<Buffer, RawCall>();

  constructor(attacker: Attacker, ccas: readonly Buffer[]) {
    this.#attacker = attacker;
    this.#ccas = ccas;
  }

  /** Calls again with those CCAs whose calls were ended; resolves once each call got its cargo. */
  async renew(): Promise<void> {
    for (const cca of this.#ccas) {
      if (!this.#calls.has(cca)) {
        const session = await this.#attacker.connect();
        const call = RawCall.over(session, COLLECT, { authorization: authorizationOf(cca) });
        this.#calls.set(cca, call);
        void call.status.then(() => {
          this.#calls.delete(cca);
          session.destroy();
        });
      }
    }
    await until(() => [...this.#calls.values()].every((call) => call.receivedOctets > 0));
  }
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
        const calls = new UnacknowledgedCollections(attacker, ccas);
        await calls.renew();
        const request = async (index: number) => {
          const phone = await phoneWithParcel(opened, `honest ${index}`);
          using courier = new Courier(opened.port);
          const { cargoes, end } = await courier.collectAll(await phone.cca());
          return cargoes.length === 1 && end.code === status.OK;
        };
        await assertServed(20, request, () => calls.renew());
      });
    }
  }
});
