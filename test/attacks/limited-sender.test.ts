import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { answers } from '#test/peers/recipient-server.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed } from './attacker.ts';
import { PostingWorkers } from './posting-workers.ts';

const RETRY_AFTER_MS = 300_000;

describe('a sender whom an app answers 429 with Retry-After', () => {
  it('holds up no parcel of others to that app, and waits as long as it is told', async () => {
    await using posting = await PostingWorkers.start();
    const { app, opened } = posting;
    const limited = answers(429, { 'retry-after': `${RETRY_AFTER_MS / 1_000}` });
    let limitedTimes = 0;
    app.server.behaviour = (response, request) => {
      const isLimited = request.body.toString().startsWith('limited');
      limitedTimes += isLimited ? 1 : 0;
      return (isLimited ? limited : answers(202))(response, request);
    };
    await posting.send('limited');
    await until(() => opened.log.lines.some(({ reason }) => reason === 'http-429'));
    for (let count = 0; count < 20; count++) {
      await posting.send('limited');
    }
    await assertServed(20, () => posting.isDelivered('honest', APP_ADDRESS, 1_000));
    assert.equal(limitedTimes, 1);
    app.server.behaviour = answers(202);
    opened.clock.advance(RETRY_AFTER_MS);
    await until(() => posting.delivered === 41);
    assert.deepEqual(await opened.outbox(), []);
  });
});
