import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { it } from 'node:test';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { Courier } from '#test/peers/courier.ts';
import { PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { ALPN, connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { LocalListener } from '#test/runtime/local-listener.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { RawClient } from '../support/raw-client.ts';
import { CertificateFiles, trustInThisProcess } from './certificate-files.ts';

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

it('a gateway that is told to stop ends the order of a certificate that is under way, without a word', async () => {
  const authority = new TlsAuthority();
  trustInThisProcess(authority);
  const { chain, key } = authority.issue();
  let asked = 0;
  let cut = 0;
  // Its time is not asked for, as the gateway's clock is the test's: this is the order itself.
  await using server = new LocalListener(
    createServer({ cert: chain, key }, (_, response) => {
      asked++;
      response.once('close', () => cut++);
    }),
  );
  await server.listen();
  const gateway = await GatewayUnderTest.start(
    {},
    {
      CERTIFICATES: 'acme',
      ACME_DIRECTORY: `https://localhost:${server.port}/directory`,
      INTERNET_ADDRESS: 'gateway.example',
      HTTPS_HOST: '127.0.0.1',
      HTTPS_PORT: '0',
      HTTP_PORT: '0',
    },
  );
  await until(() => {
    gateway.clock.advance(0);
    return asked > 0;
  });
  // No time passes, so that nothing but the end of the order can let it stop.
  await gateway.running[Symbol.asyncDispose]();
  await until(() => cut > 0);
  const logged = gateway.logged.length;
  gateway.clock.advance(3_600_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(gateway.logged.length, logged);
  assert.ok(!gateway.logged.some((line) => line.includes('No certificate could be had')));
  assert.equal(asked, 1);
});
