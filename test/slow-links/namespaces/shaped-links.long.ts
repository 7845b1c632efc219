import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Client } from '../collectors.ts';
import { NamespaceChild } from './child.ts';
import type { LinkGateway } from './link-gateway.ts';
import type { LinkPhone } from './link-phone.ts';
import { type LossyLinkForm, ShapedLink, whyNoShapedLink } from './shaped-link.ts';

const MB = 1_000_000;
/** What is sent over a link of each rate, in bits per second: some seconds' worth, or large parcels. */
const SIZES: ReadonlyMap<number, readonly number[]> = new Map([
  [100e3, [100_000]],
  [1e6, [0.5 * MB, 0.5 * MB]],
  [10e6, [1.5 * MB, 5 * MB, 3 * MB]],
  [100e6, [8 * MB, 8 * MB, 8 * MB, 8 * MB, 8 * MB]],
]);
const ROUND_TRIPS_MS = [20, 200, 800];
const LOSSES_PERCENT = [0, 0.5, 2];
const CLIENTS: readonly Client[] = ['android', 'javascript'];
const MOST_PONG_MS = 4_000;

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

  let turn = 0;
  for (const [bitsPerSecond, sizes] of SIZES) {
    for (const roundTripMs of ROUND_TRIPS_MS) {
      for (const lossPercent of LOSSES_PERCENT) {
        const client = CLIENTS[turn++ % 2] ?? 'android';
        it(`arrive at ${bitsPerSecond / 1e6} Mbit/s, ${roundTripMs} ms, ${lossPercent} % lost`, async () => {
          const form = { bitsPerSecond, roundTripMs, lossPercent };
          const { plainMs, tookMs, ended, longestPongMs } = await compare(form, sizes, client);
          console.log(
            `${bitsPerSecond / 1e6} Mbit/s ${roundTripMs} ms ${lossPercent} % ${client}: plain ${plainMs.toFixed(0)} ms, took ${tookMs.toFixed(0)} ms (${((100 * plainMs) / tookMs).toFixed(0)} %), pong ${longestPongMs} ms ${ended}`,
          );
          assert.equal(ended, null);
          assert.ok(longestPongMs < MOST_PONG_MS, `a pong took ${longestPongMs} ms`);
        });
      }
    }
  }
});
