import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Courier } from '#test/peers/courier.ts';
import { PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { ALPN, connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { RawClient } from '../support/raw-client.ts';
import { CertificateFiles } from './certificate-files.ts';

it('a gateway that is told to stop ends what came by the public port in the same order', async () => {
  await using files = await CertificateFiles.make();
  const gateway = await GatewayUnderTest.start({}, files.environment);
  const target = { port: gateway.running.listening.https ?? 0, root: files.authority.root };
  await using phones = await TlsTunnel.start(target);
  await using couriers = await TlsTunnel.start({ ...target, protocols: ALPN.courier });
  const phone = await Phone.register(phones.port, 'phone', gateway.clock.now());
  using collector = await phone.collect();
  await collector.roundTrip();
  using courier = new Courier(couriers.port);
  const delivery = courier.deliver();
  delivery.send({ id: 'no cargo', cargo: Buffer.alloc(9) });
  await delivery.receivedAtLeast(1);
  using app = new RawClient(await connectOverTls(target));
  await app.begin('/', { 'content-type': PARCEL_TYPE }, 2);
  using upload = new RawClient(await connectOverTls(target));
  await upload.begin('/v1/parcels', { 'content-type': PARCEL_TYPE }, 2);

  let isStopped = false;
  const stopped = gateway.running[Symbol.asyncDispose]().then(() => {
    isStopped = true;
  });
  assert.match((await delivery.ended).details, /going away/);
  await collector.roundTrip();
  await app.write(Buffer.alloc(2));
  assert.equal(await app.status(), 400);
  await collector.roundTrip();
  assert.equal(isStopped, false);
  await upload.write(Buffer.alloc(2));
  assert.equal(await upload.status(), 401);
  assert.equal((await collector.closed).code, 4000);
  await stopped;
  await assert.rejects(connectOverTls(target), { code: 'ECONNREFUSED' });
});
