import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { HANDSHAKE_LIMITS } from '#services/edge/limits.ts';
import { CertificateFiles } from '#test/end-to-end/public-port/certificate-files.ts';
import { GatewayUnderTest } from '#test/end-to-end/support/gateway-under-test.ts';
import { RawClient } from '#test/end-to-end/support/raw-client.ts';
import { connectOverTls } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, HONEST_NETWORK, NETWORKS } from './attacker.ts';
import { Crowd, connectFrom } from './crowd.ts';
import { Flood } from './flood.ts';

const VISITS = 10;
/** The beginning of a ClientHello of 512 octets. */
const BEGINNING = Buffer.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);
/** A record of 16 KiB with a ClientHello that goes on in the next. */
const LARGE = Buffer.concat([
  Buffer.of(0x16, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff, 3, 3),
  Buffer.alloc(0x3ff9),
]);
/** As many as the port without TLS takes. */
const PLAIN = 1_000;
const IDLE_MS = 2_000;

describe('The public port serves while a stranger', () => {
  const opened = new AsyncDisposableStack();
  const clock = new ManualClock(new Date());
  let gateway: GatewayUnderTest;
  let target: { readonly port: number; readonly root: string };

  before(async () => {
    const files = opened.use(await CertificateFiles.make());
    gateway = opened.use(await GatewayUnderTest.start({ clock }, files.environment));
    const { https = 0 } = gateway.running.listening;
    target = { port: https, root: files.authority.root };
  });
  after(() => opened.disposeAsync());

  async function isServed(localAddress: string): Promise<boolean> {
    using client = new RawClient(await connectOverTls({ ...target, localAddress }));
    await client.write('GET /connection-params.der HTTP/1.1\r\nHost: a\r\n\r\n');
    return (await client.status()) === 200;
  }

  for (const [which, from] of NETWORKS) {
    for (const [what, begun] of [
      ['says nothing', Buffer.alloc(0)],
      ['begins as many handshakes as there may be', BEGINNING],
    ] as const) {
      it(`${what}, from ${which}`, async () => {
        using crowd = await Crowd.from(from, target.port, HANDSHAKE_LIMITS.max + 20);
        for (const { socket } of crowd.clients) {
          socket.write(begun);
        }
        clock.advance(HANDSHAKE_LIMITS.idleMs);
        await assertServed(VISITS, () => isServed(HONEST_NETWORK));
      });
    }

    it(`sends what is no handshake, from ${which}`, async () => {
      for (const again of [LARGE, 'GET / HTTP/1.1\r\n\r\n', Buffer.alloc(1_000)]) {
        await using flood = Flood.begin({ port: target.port, from, again: () => again });
        await until(() => flood.sent > 0);
        await assertServed(VISITS, () => isServed(HONEST_NETWORK));
      }
    });

    it(`shakes hands again and again, from ${which}`, async () => {
      const again = { isOver: false };
      const shaking = async () => {
        while (!again.isOver) {
          (await connectOverTls({ ...target, localAddress: from })).destroy();
        }
      };
      const ended = Promise.all(Array.from({ length: 4 }, shaking));
      await assertServed(VISITS, () => isServed(HONEST_NETWORK));
      again.isOver = true;
      await ended;
    });

    it(`holds all connections of the port without TLS, from ${which}`, async () => {
      const { http = 0 } = gateway.running.listening;
      using _crowd = await Crowd.from(from, http, PLAIN + 20);
      clock.advance(IDLE_MS);
      await assertServed(VISITS, async () => {
        using client = await connectFrom(HONEST_NETWORK, http);
        await client.write('GET / HTTP/1.1\r\nHost: gateway.example\r\n\r\n');
        const status = await client.status();
        assert.ok(status < 500, String(status));
        return true;
      });
    });
  }
});
