import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { type Clock, systemClock } from '#clock/clock.ts';
import { type Identity, identity, privateGateway, validAround } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';
import { CLIENT_HEADERS, type Client, PatientCollector } from './collectors.ts';
import { ShapingProxy } from './shaping-proxy.ts';

/** Time passes faster, for everybody, so that patience ends sooner. */
const SPEED = 3;
const PARCEL_OCTETS = 1_500_000;
const FORM = { bitsPerSecond: 1e6, roundTripMs: 100 };
const CLIENTS: readonly Client[] = ['android', 'javascript'];

const fastClock: Clock = {
  now: () => new Date(Date.now() * SPEED),
  schedule: (delayMs, action) => systemClock.schedule(delayMs / SPEED, action),
};

describe('A large parcel over a slow link between real sockets', () => {
  for (const client of CLIENTS) {
    it(`arrives on the first connection of one as patient as the ${client} client`, async () => {
      const now = fastClock.now();
      const us = identity('us');
      await using gateway = await startGateway({ clock: fastClock, vault: new MemoryVault(us) });
      const certificate = await gateway.gateway.identity.currentCertificate();
      const phone = await privateGateway(
        client,
        { ...us, certificate, issuers: [] },
        validAround(now),
      );
      await hold(gateway, phone, now);
      await using link = await ShapingProxy.open(gateway.listening.poweb, FORM, fastClock);
      const socket = new WebSocket(`ws://127.0.0.1:${link.port}/v1/parcel-collection`, {
        headers: CLIENT_HEADERS[client],
      });
      const collector = new PatientCollector(socket, client, { clock: fastClock, phone });
      await collector.until(1);
      assert.equal(collector.ended, null);
      socket.terminate();
    });
  }
});

async function hold({ gateway }: RunningGateway, { nodeId }: Identity, now: Date): Promise<void> {
  const parcel = { privateGateway: nodeId, recipient: 'r', sender: 's', parcelId: 'large' };
  const expiresAt = new Date(now.getTime() + 86_400_000);
  await gateway.mailbox.store(parcel, Buffer.alloc(PARCEL_OCTETS), expiresAt);
}
