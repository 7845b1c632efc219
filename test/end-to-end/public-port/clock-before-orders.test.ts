import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { missingPebble, Pebble } from '#test/backing/pebble.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { connectOverTls } from '#test/peers/tls-tunnel.ts';
import { until } from '#test/runtime/until.ts';
import { dataFolder, GatewayProcess } from '../support/gateway-process.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { runCommand } from '../support/run-command.ts';
import { trustInThisProcess } from './certificate-files.ts';

const NAME = 'gateway.example';
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Until another order is due after one that the clock forbade. */
const DUE_MS = 10 * MINUTE_MS;
const LOOKS_PER_ATTEMPT = 500;
const SHIFTED_CLOCK = pathToFileURL(
  new URL('../../faults/gateway/shifted-clock.ts', import.meta.url).pathname,
).href;

describe('a gateway that would order its certificate by a wrong clock', {
  skip: missingPebble,
}, () => {
  const opened = new AsyncDisposableStack();
  let pebble: Pebble;
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    pebble = opened.use(await Pebble.start());
    trustInThisProcess(pebble.authority);
    await pebble.point(NAME, { ipv4: ['127.0.0.1'] });
    environment = pebble.variablesFor(NAME);
  });
  after(() => opened.disposeAsync());

  it('says so wherever its certificate is shown, orders none, and does once the clock is right', async () => {
    await using folder = await dataFolder();
    const clock = new ManualClock(new Date());
    const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
    const witness = (offsetMs: number) => {
      const oursMs = clock.now().getTime();
      plausibility.hear({ by: 'a witness', theirsMs: oursMs - offsetMs, oursMs });
    };
    witness(DAY_MS);
    const variables = { ...environment, DATA_DIR: folder.path };
    await using gateway = await GatewayUnderTest.start({ clock, plausibility }, variables);
    const root = await pebble.root();
    const { https: port = 0, operations } = gateway.running.listening;
    await until(() => {
      clock.advance(100);
      return gateway.loggedAt('error').some((line) => line.includes('No certificate could be had'));
    });

    const said = /it is 86400 s ahead of a witness; let NTP set this machine’s clock/;
    const line = gateway.loggedAt('error').find((each) => each.includes('No certificate'));
    const { reason, detail } = JSON.parse(line ?? '{}');
    assert.equal(reason, 'clock');
    assert.match(detail, said);
    using client = new HttpClient(operations);
    clock.advance(2_000);
    const { failing } = JSON.parse(String((await client.get('/readyz')).body));
    assert.match(failing.certificate, said);
    const metrics = String((await client.get('/metrics')).body);
    assert.match(metrics, /^awala_certificate_failures(?:\{.*\})? 1$/m);
    assert.match(metrics, /^awala_clock_in_doubt(?:\{.*\})? 1$/m);
    const asked = { ...variables, OPERATIONS_PORT: `${operations}` };
    const { text: status } = await runCommand('status', asked);
    assert.match(status, new RegExp(`no newer one of TLS: .*${said.source}`));
    const { text: doctor } = await runCommand('doctor', asked);
    assert.match(doctor, /^✗ certificate +the last order failed: .*/m);
    assert.match(doctor.replaceAll(/\s+/g, ' '), said);
    const certificates = join(folder.path, 'certificates');
    await comesToHold(certificates, ['attempts.json']);

    witness(0);
    let looks = 0;
    await until(async () => {
      // An order has five minutes, in which real servers answer: time must not fly meanwhile.
      clock.advance(looks % LOOKS_PER_ATTEMPT === 0 ? DUE_MS : 100);
      looks += 1;
      witness(0);
      const target = { port, root, name: NAME };
      return (await connectOverTls(target).catch(() => null))?.destroy() !== undefined;
    }, 20);
    await comesToHold(certificates, ['account.pem', `${NAME}.pem`, 'orders.json']);
    const { text: mended } = await runCommand('status', asked);
    assert.doesNotMatch(mended, /no newer one/);
  });

  for (const [what, shiftMs, seconds] of [
    ['ahead of', DAY_MS, '86(?:39|40)\\d'],
    ['behind', -10 * MINUTE_MS, '(?:59|60)\\d'],
  ] as const) {
    it(`finds out from the authority that its clock is ${what} it`, async () => {
      await using folder = await dataFolder();
      const authority = join(folder.path, 'authority.pem');
      await writeFile(authority, pebble.authority.root);
      await using gateway = await GatewayProcess.start(folder.path, {
        ...environment,
        LOG_FORMAT: 'json',
        NODE_EXTRA_CA_CERTS: authority,
        NODE_OPTIONS: `--import ${SHIFTED_CLOCK}`,
        TEST_CLOCK_SHIFT_MS: `${shiftMs}`,
      });
      const logged = () => `${gateway.welcome}${gateway.output}`;
      await until(() => logged().includes('No certificate could be had'), 50);
      assert.match(
        logged(),
        new RegExp(
          `"reason":"clock".*it is ${seconds} s ${what} the certificate authority; let NTP`,
        ),
      );
      await comesToHold(join(folder.path, 'certificates'), ['attempts.json']);
    });
  }
});

/** A failure or certificate is told before it is noted: resolves once exactly these files are there. */
async function comesToHold(folder: string, names: readonly string[]): Promise<void> {
  await until(async () => isDeepStrictEqual((await readdir(folder)).sort(), names), 20);
}
