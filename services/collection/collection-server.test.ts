import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import { internetGateway, signNonce, validAround } from '#test/builders/peers.ts';
import { AndroidCollector } from '#test/peers/android-collector.ts';
import { createCollectionServer } from './create-collection-server.ts';

describe('CollectionServer', () => {
  it('closes with 1011, and only after the handshake, while it knows nobody to trust', async () => {
    const clock = new ManualClock();
    const collection = createCollectionServer(
      { window: 5, maxCollectors: 10, maxWaiting: 0, bufferOctets: 16 * 1024 * 1024 },
      {
        mailbox: new Mailbox({
          objects: new InMemoryObjectStore({ clock }),
          signals: new InProcessSignals({ log: silentLog }),
          clock,
        }),
        identity: {
          trustedCertificates: () =>
            Promise.reject(new BackingUnavailableError('record-store', 'no certificate')),
        },
        verifier: new MessageVerifier(),
        policy: nobodyBlocked(clock),
        clock,
        log: silentLog,
        metrics: noMetrics,
      },
    );
    await using opened = new AsyncDisposableStack();
    const server = createServer().on('upgrade', collection.handleUpgrade).listen(0, '127.0.0.1');
    opened.defer(() => void server.close());
    opened.defer(() => collection.closeAll());
    await once(server, 'listening');
    const phone = await internetGateway('phone', validAround(clock.now()));
    const { promise: end, resolve: onEnd } = Promise.withResolvers();
    await using collector = new AndroidCollector((server.address() as AddressInfo).port, {
      answerChallenge: (nonce) => signNonce(nonce, phone),
      onEnd,
    });
    // It comes back after 3 s.
    assert.deepEqual(await end, { reason: 'closed with 1011', pauseMs: 3_000 });
    assert.equal(collector.lostTo, null);
  });
});
