import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Courier } from '#test/cogrpc/courier.ts';
import { BOTH_FORMS, type ReachableGateway } from '../support/both-forms.ts';
import { holdParcels, labelsOf } from '../support/held-parcels.ts';
import { JsCourier } from '../support/js-courier.ts';
import { JsPhone } from '../support/js-phone.ts';
import { JsPrivateGateway } from '../support/js-private-gateway.ts';

/** `CARGO_MEGABYTES=300` is the full proof, which takes three minutes. */
const MEGABYTES = Number(process.env.CARGO_MEGABYTES ?? 16);
const PARCELS = { count: MEGABYTES * 10, octets: 100_000 };
/** What the slow courier takes in, such as with a bad card: too slow for one call of three seconds. */
const SLOW_OCTETS_PER_MS = 2_500;

for (const form of BOTH_FORMS) {
  describe(`a mailbox of ${MEGABYTES} MB, in a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let gateway: ReachableGateway;
    let phone: JsPrivateGateway;
    let held: readonly string[];

    before(async () => {
      gateway = await form.start();
      phone = await JsPrivateGateway.of(await JsPhone.register(gateway.listening.poweb));
      held = await holdParcels(gateway, phone.nodeId, PARCELS);
    });

    after(() => gateway[Symbol.asyncDispose]());

    async function labels(cargoes: readonly Buffer[]): Promise<string[]> {
      const labelled: string[] = [];
      for (const cargo of cargoes) {
        labelled.push(...labelsOf(await phone.open(cargo)));
      }
      return labelled.sort();
    }

    it('is collected by the deployed client with one CCA, in calls of three seconds, nothing twice', async () => {
      const courier = new JsCourier(gateway.listening.cogrpc);
      const cargoes: Buffer[] = [];
      const calls = await courier.collectInCalls(await phone.cca(), async (cargo) => {
        cargoes.push(cargo);
        await pause(cargo.length / SLOW_OCTETS_PER_MS);
      });
      assert.ok(calls > 1, `${calls} calls`);
      assert.deepEqual(await labels(cargoes), held);
    });

    it('is collected in one call by a client without that limit', async () => {
      using courier = new Courier(gateway.listening.cogrpc);
      const { cargoes, end } = await courier.collectAll(await phone.cca());
      assert.equal(end.code, 0, end.details);
      assert.deepEqual(await labels(cargoes), held);
    });
  });
}
