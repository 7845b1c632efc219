import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed } from './attacker.ts';
import { PostingWorkers } from './posting-workers.ts';

const NAMES = 100;
const PLACES = 16;
const MIB = 1_024 * 1_024;
/** Less than a post may take: nothing times out by itself meanwhile. */
const SOON_MS = 6_000;

describe('parcels to a hundred names that take connections and say nothing', () => {
  for (const [whose, attacker, honest] of [
    ['of one sender', () => 'attacker', 'honest'],
    ['of as many senders', (index: number) => `attacker ${index}`, 'honest'],
    ['of its own sender', () => 'attacker', 'attacker'],
  ] as const) {
    it(`${whose}, delay none to an app that answers`, async () => {
      await using posting = await PostingWorkers.start();
      assert.ok(await posting.isDelivered('honest', APP_ADDRESS, SOON_MS));
      await posting.sendToSilent(NAMES, attacker);
      await until(() => posting.silentConnections === PLACES);
      await assertServed(10, () => posting.isDelivered(honest, APP_ADDRESS, SOON_MS));
      assert.equal((await posting.opened.outbox()).length, NAMES, 'all are kept');
      assert.ok((posting.opened.metrics.counts['overShare posts client'] ?? 0) > 0);
    });
  }

  it('delay none to apps that nobody wrote to before, of another sender', async () => {
    await using posting = await PostingWorkers.start();
    await posting.sendToSilent(NAMES, () => 'attacker');
    await until(() => posting.silentConnections === PLACES);
    await assertServed(10, async (index) => {
      const name = `new-${index}.example`;
      const target = { target: `pdc.${APP_ADDRESS}`, port: posting.app.server.port };
      posting.app.doh.setService(name, target);
      return posting.isDelivered('honest', name, SOON_MS);
    });
  });

  it('as large as may be, leave memory for others', async () => {
    await using posting = await PostingWorkers.start({ bufferOctets: 16 * MIB });
    assert.ok(await posting.isDelivered('honest', APP_ADDRESS, SOON_MS));
    await posting.sendToSilent(10, () => 'attacker', 7 * MIB);
    await until(() => posting.silentConnections > 0);
    await assertServed(10, () => posting.isDelivered('honest', APP_ADDRESS, SOON_MS));
  });
});
