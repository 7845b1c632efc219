import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Courier } from '#test/cogrpc/courier.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/cogrpc/phone.ts';

describe('CollectCargo', () => {
  it('sends what is held, packed into cargo, and ends once all is acknowledged', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const held = await holdParcels(opened, phone.peer, { count: 20, octets: 100_000 });
    const { cargoes, end } = await courier.collectAll(await phone.cca());
    assert.deepEqual(end, { code: status.OK, details: 'OK' });
    const parcels = cargoes.flatMap((cargo) => phone.open(cargo).messages);
    assert.deepEqual(new Set(parcels.map((p) => Buffer.from(p).toString('base64'))), held);
    assert.equal(parcels.length, 20);
  });
});
