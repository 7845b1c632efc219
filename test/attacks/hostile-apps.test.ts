import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { RawServer } from '#test/end-to-end/internet-delivery/raw-server.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed } from './attacker.ts';
import { PostingWorkers } from './posting-workers.ts';

const NAMES = 100;
const VISITS = 10;
/** Less than a post may take: nothing times out by itself meanwhile. */
const SOON_MS = 6_000;
const KIB = 1_024;

/** Sends the same as fast as it is read. */
function withoutEnd(first: string, again: string): (socket: Socket) => void {
  return (socket) => {
    const send = () => {
      while (!socket.destroyed && socket.write(again)) {}
    };
    socket.once('data', () => {
      socket.write(first);
      send();
    });
    socket.on('drain', send).resume();
  };
}

function answering(answer: string): (socket: Socket) => void {
  return (socket) => void socket.on('data', () => socket.write(answer));
}

/** What an app may answer that means harm. */
const ANSWERS: Readonly<Record<string, (socket: Socket) => void>> = {
  'redirects to itself': answering(
    'HTTP/1.1 307 There\r\nLocation: /\r\nContent-Length: 0\r\n\r\n',
  ),
  'redirects to names that there are not': answering(
    'HTTP/1.1 308 There\r\nLocation: http://nowhere.example/\r\nContent-Length: 0\r\n\r\n',
  ),
  'a body without an end': withoutEnd(
    'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n',
    `400\r\n${'b'.repeat(KIB)}\r\n`,
  ),
  'headers without an end': withoutEnd('HTTP/1.1 202 Yes\r\n', `h: ${'h'.repeat(KIB)}\r\n`),
  'interim answers without an end': withoutEnd('', 'HTTP/1.1 103 Soon\r\n\r\n'.repeat(50)),
  'the beginning of an answer': answering('HTTP/1.1 202 '),
  'what is no HTTP': answering('\0'.repeat(KIB)),
  'a reset': (socket) => void socket.resetAndDestroy(),
};

describe('Parcels to an app that answers are not delayed by a hundred to names that answer with', () => {
  for (const [what, behave] of Object.entries(ANSWERS)) {
    it(what, async () => {
      let connections = 0;
      await using hostile = await RawServer.start((socket) => {
        connections += 1;
        behave(socket);
      });
      await using posting = await PostingWorkers.start();
      assert.ok(await posting.isDelivered('honest', APP_ADDRESS, SOON_MS));
      for (let index = 0; index < NAMES; index++) {
        const name = `hostile-${index}.example`;
        posting.app.doh.setApp(name, hostile.port);
        await posting.send('attacker', name);
      }
      await until(() => connections > 0);
      await assertServed(VISITS, () => posting.isDelivered('honest', APP_ADDRESS, SOON_MS));
      assert.equal(posting.delivered, VISITS + 1);
    });
  }

  it('nothing, as not even the DNS tells of them', async () => {
    await using posting = await PostingWorkers.start();
    const { doh } = posting.app;
    for (let index = 0; index < NAMES; index++) {
      const name = `lost-${index}.example`;
      doh.set('SRV', `_awala-pdc._tcp.${name}`, { isSilent: true });
      await posting.send('attacker', name);
    }
    await until(() => doh.queries.some((query) => query.includes('lost')));
    await assertServed(VISITS, async (index) => {
      const name = `new-${index}.example`;
      doh.setService(name, { target: `pdc.${APP_ADDRESS}`, port: posting.app.server.port });
      return posting.isDelivered('honest', name, SOON_MS);
    });
  });
});
