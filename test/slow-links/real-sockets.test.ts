import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { systemClock } from '#clock/clock.ts';
import { type Identity, identity, privateGateway, validAround } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';
import { CLIENT_HEADERS, type Client, PatientCollector } from '#test/peers/patient-collector.ts';
import { ShapingProxy } from './shaping-proxy.ts';

/** Under way for ten seconds: twice as long as Android waits for a pong. */
const PARCEL_OCTETS = 400_000;
const FORM = { bitsPerSecond: 320e3, roundTripMs: 100 };
const CLIENTS: readonly Client[] = ['android', 'javascript'];

describe('A large parcel over a slow link between real sockets', { concurrency: true }, () => {
  for (const client of CLIENTS) {
    it(`arrives on the first connection of one as patient as the ${client} client`, async () => {
      const now = systemClock.now();
      const us = identity('us');
      await using gateway = await startGateway({ vault: new MemoryVault(us) });
      const certificate = await gateway.gateway.identity.currentCertificate();
      const phone = await privateGateway(
        client,
        { ...us, certificate, issuers: [] },
        validAround(now),
      );
      await hold(gateway, phone, now);
      await using link = await ShapingProxy.open(gateway.listening.poweb, FORM, systemClock);
      const socket = new WebSocket(`ws://127.0.0.1:${link.port}/v1/parcel-collection`, {
        headers: CLIENT_HEADERS[client],
      });
      const collector = new PatientCollector(socket, client, { clock: systemClock, phone });
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
