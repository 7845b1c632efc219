import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CogRPCError } from '@relaycorp/cogrpc';
import { startFaultProxy } from '#test/backing/fault-proxy.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { BOTH_FORMS, type ReachableGateway } from '../support/both-forms.ts';
import { holdParcels, labelsOf } from '../support/held-parcels.ts';
import { startGateway } from '../support/running-gateway.ts';

/** Of random octets each, so that they make several cargoes. */
const PARCELS = { count: 60, octets: 50_000 };

for (const form of BOTH_FORMS) {
  describe(`a CCA of the deployed library, with a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let gateway: ReachableGateway;
    let courier: JsCourier;
    let registered: JsPhone;
    let phone: JsPrivateGateway;

    before(async () => {
      gateway = await form.start();
      courier = new JsCourier(gateway.listening.cogrpc);
      registered = await JsPhone.register(gateway.listening.poweb);
      phone = await JsPrivateGateway.of(registered);
    });

    after(() => gateway[Symbol.asyncDispose]());

    async function openAll(by: JsPrivateGateway, cargoes: readonly Buffer[]): Promise<Buffer[]> {
      return (await Promise.all(cargoes.map((cargo) => by.open(cargo)))).flat();
    }

    /** Tries again while another call uses the CCA, for whose end the gateway waits a while itself. */
    async function afterAbortion<Result>(call: () => Promise<Result>): Promise<Result> {
      for (;;) {
        try {
          return await call();
        } catch (error) {
          assert.match(String(error), /ABORTED/);
        }
      }
    }

    const isDenied = (error: unknown) =>
      error instanceof CogRPCError && /PERMISSION_DENIED/.test(error.message);

    it('is refused with PERMISSION_DENIED once it was fulfilled, and the next one is not', async () => {
      await registered.deliver(await registered.makeParcel(Buffer.from('a parcel')));
      const cca = await phone.cca();
      assert.equal((await openAll(phone, await courier.collectAll(cca))).length, 1);
      await assert.rejects(courier.collect(cca), isDenied);
      await assert.rejects(courier.collect(cca), isDenied);
      assert.equal((await openAll(phone, await courier.collectAll(await phone.cca()))).length, 1);
    });

    it('is refused with PERMISSION_DENIED also if there was nothing to collect', async () => {
      const other = await JsPrivateGateway.of(await JsPhone.register(gateway.listening.poweb));
      const cca = await other.cca();
      assert.deepEqual(await courier.collectAll(cca), []);
      await assert.rejects(courier.collect(cca), isDenied);
    });

    it('goes on where the network cut its collection off, until it is fulfilled', async () => {
      const other = await JsPrivateGateway.of(await JsPhone.register(gateway.listening.poweb));
      const held = await holdParcels(gateway, other.nodeId, PARCELS);
      const cca = await other.cca();
      await using proxy = await startFaultProxy(`127.0.0.1:${gateway.listening.cogrpc}`);
      const port = Number(proxy.address.split(':')[1]);
      const cargoes: Buffer[] = [];
      const cutOff = new JsCourier(port).collect(cca, (cargo) => {
        // The third has arrived, but will not be acknowledged.
        if (cargoes.push(cargo) === 3) {
          cargoes.pop();
          proxy.refuse();
        }
      });
      await assert.rejects(cutOff, CogRPCError);
      assert.equal(cargoes.length, 2);
      cargoes.push(...(await courier.collectAll(cca)));
      assert.deepEqual(labelsOf(await openAll(other, cargoes)), held);
      await assert.rejects(courier.collect(cca), isDenied);
    });

    it('goes on after a courier lost interest, whose client leaves the call open until its time is up', async () => {
      const other = await JsPrivateGateway.of(await JsPhone.register(gateway.listening.poweb));
      const held = await holdParcels(gateway, other.nodeId, PARCELS);
      const cca = await other.cca();
      const cargoes: Buffer[] = [];
      const stopped = courier.collect(cca, (cargo) => {
        if (cargoes.length === 2) {
          throw new Error('the courier has no more room');
        }
        cargoes.push(cargo);
      });
      await assert.rejects(stopped, /no more room/);
      cargoes.push(...(await afterAbortion(() => courier.collectAll(cca))));
      assert.deepEqual(labelsOf(await openAll(other, cargoes)), held);
    });

    it('of another gateway’s phone is UNAUTHENTICATED', async () => {
      await using elsewhere = await startGateway();
      const cca = await phone.cca();
      const stray = new JsCourier(elsewhere.listening.cogrpc).collect(cca);
      await assert.rejects(stray, /UNAUTHENTICATED/);
      assert.equal((await courier.collectAll(cca)).length, 1);
    });
  });
}
