import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { Collector } from '#test/peers/collector.ts';
import { Courier } from '#test/peers/courier.ts';
import { Phone } from '#test/peers/phone.ts';
import { ALPN, connectOverTls, TlsTunnel } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { CertificateFiles } from './certificate-files.ts';

const COLLECTORS = 500;
const OPENED_AT_ONCE = 50;
const COURIERS = 10;
const CALLS_EACH = 5;
const SECONDS_BETWEEN_LOOKS = 60;
/** Between looks whether all are there, as a courier's call without cargoes would be ended. */
const SECONDS_BETWEEN_ROUNDS = 10;

it('a certificate that is swapped under five hundred phones and fifty calls of couriers cuts none, and new ones get it', async () => {
  await using files = await CertificateFiles.make();
  const clock = new ManualClock(new Date());
  await using gateway = await GatewayUnderTest.start({ clock }, files.environment);
  const target = { port: gateway.running.listening.https ?? 0, root: files.authority.root };
  await using near = await TlsTunnel.start(target);
  await using nearForCouriers = await TlsTunnel.start({ ...target, protocols: ALPN.courier });

  const phone = await Phone.register(near.port, 'phone', clock.now());
  using opened = new DisposableStack();
  const collectors: Collector[] = [];
  while (collectors.length < COLLECTORS) {
    const opening = Array.from({ length: OPENED_AT_ONCE }, () => phone.collect());
    collectors.push(...(await Promise.all(opening)));
  }
  for (const collector of collectors) {
    opened.use(collector);
  }
  const couriers = Array.from({ length: COURIERS }, () =>
    opened.use(new Courier(nearForCouriers.port)),
  );
  const calls = couriers.flatMap((courier) =>
    Array.from({ length: CALLS_EACH }, () => courier.deliver()),
  );
  let times = 0;
  const allAnswer = async () => {
    times++;
    for (const call of calls) {
      call.send({ id: `no cargo ${times}`, cargo: Buffer.alloc(9) });
    }
    await Promise.all(calls.map((call) => call.receivedAtLeast(times)));
    assert.ok(calls.every(({ received }) => received.length === times));
    await Promise.all(collectors.map((collector) => collector.roundTrip()));
  };
  await allAnswer();

  const shown = async (protocols?: readonly string[]) => {
    const socket = await connectOverTls({ ...target, ...(protocols && { protocols }) });
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const before = await shown();
  await files.write(files.authority.issue());
  let seconds = 0;
  await gateway.pass(SECONDS_BETWEEN_LOOKS, async () => {
    await (seconds++ % SECONDS_BETWEEN_ROUNDS === 0 ? allAnswer() : collectors[0]?.roundTrip());
  });
  await until(async () => (await shown()) !== before);
  const after = await shown();
  assert.deepEqual([await shown(ALPN.courier), await shown(ALPN.nothing)], [after, after]);

  await allAnswer();
  const parcel = await phone.parcel({ createdAt: clock.now() });
  await phone.deliver(parcel);
  for (const collector of collectors) {
    assert.ok(Buffer.from(parcel).equals((await collector.next()).parcel));
  }
  assert.ok(collectors.every(({ isOpen }) => isOpen));
});
