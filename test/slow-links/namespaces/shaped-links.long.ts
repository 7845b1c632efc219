import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from '#test/peers/patient-collector.ts';
import { NamespaceChild } from './child.ts';
import type { LinkGateway } from './link-gateway.ts';
import type { LinkPhone } from './link-phone.ts';
import { type LossyLinkForm, ShapedLink, whyNoShapedLink } from './shaped-link.ts';

const MB = 1_000_000;
/** What is sent over a link of each rate, in bits per second: some seconds' worth, or large parcels. */
const SIZES: ReadonlyMap<number, readonly number[]> = new Map([
  [100e3, [100_000]],
  [1e6, [0.5 * MB, 0.5 * MB]],
  [10e6, [5 * MB, 3 * MB]],
  [100e6, [8 * MB, 8 * MB, 8 * MB]],
]);
const ROUND_TRIPS_MS = [20, 200, 800];
const LOSSES_PERCENT = [0, 2];

/** Until as much is under way as by plain TCP, which begins with no less and grows faster. */
const ROUND_TRIPS_MORE = 2;
/** Of what plain TCP brings, from 1 Mbit/s on. */
const SHARE_USED = 0.8;
/** The same with losses, which chance deals to the one and the other. */
const SHARE_USED_WITH_LOSSES = 0.65;

const reason = await whyNoShapedLink();

describe('Parcels over a shaped link', { skip: reason ?? false }, () => {
  let link: ShapedLink;
  let gateway: NamespaceChild<LinkGateway>;
  let phone: NamespaceChild<LinkPhone>;
  let spki: string;
  let certificate: string;
  let ports: ReturnType<LinkGateway['ports']>;

  before(async () => {
    link = await ShapedLink.open();
    const [here, there] = link.namespaces;
    gateway = await NamespaceChild.start<LinkGateway>(here, './link-gateway.ts');
    phone = await NamespaceChild.start<LinkPhone>(there, './link-phone.ts');
    spki = await phone.ask('spki', undefined);
    certificate = await gateway.ask('admit', { spki });
    ports = await gateway.ask('ports', undefined);
  });
  after(async () => {
    await phone[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  });

  async function compare(form: LossyLinkForm, sizes: readonly number[], client: Client) {
    await link.become(form);
    await gateway.ask('hold', { spki, sizes });
    const plainMs = await phone.ask('plain', { port: ports.plain });
    const collecting = { port: ports.collection, client, certificate, parcels: sizes.length };
    return { plainMs, ...(await phone.ask('collect', collecting)) };
  }

  for (const [bitsPerSecond, sizes] of SIZES) {
    for (const [index, roundTripMs] of ROUND_TRIPS_MS.entries()) {
      for (const lossPercent of LOSSES_PERCENT) {
        const form = { bitsPerSecond, roundTripMs, lossPercent };
        const client: Client = (index + lossPercent / 2) % 2 === 0 ? 'android' : 'javascript';
        const name = `${bitsPerSecond / 1e6} Mbit/s, ${roundTripMs} ms, ${lossPercent} % lost`;

        it(`arrive at ${name}, at ${client}`, async (t) => {
          const { plainMs, tookMs, ended, longestPongMs } = await compare(form, sizes, client);
          const share = plainMs / (tookMs - ROUND_TRIPS_MORE * roundTripMs);
          t.diagnostic(
            `took ${Math.round(tookMs)} ms, plain TCP ${Math.round(plainMs)} ms: ${Math.round(share * 100)} %; longest pong ${longestPongMs} ms`,
          );
          assert.equal(ended, null);
          assert.ok(share >= leastShare(form), `${share} of plain TCP`);
        });
      }
    }
  }
});

/** With losses and 800 ms, one connection of plain TCP takes three times as long as another. */
function leastShare({ bitsPerSecond, roundTripMs, lossPercent }: LossyLinkForm): number {
  if (bitsPerSecond < 1e6 || (lossPercent > 0 && roundTripMs >= 800)) {
    return 0;
  }
  return lossPercent > 0 ? SHARE_USED_WITH_LOSSES : SHARE_USED;
}
