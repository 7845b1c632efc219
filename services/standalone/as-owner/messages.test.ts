import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { messagesFrom, sendMessage } from './messages.ts';

describe('messages between root and a process of another user', () => {
  it('arrive as they were sent, however they are cut', async () => {
    const sent = [{ kind: 'note', to: 'ä\n“ö”' }, { kind: 'failed' }];
    const pipe = new PassThrough();
    await Promise.all(sent.map((message) => sendMessage(pipe, message)));
    const octets = await buffer(pipe.end());
    for (const size of [1, 7, octets.length]) {
      const pieces = Array.from({ length: Math.ceil(octets.length / size) }, (_, at) =>
        octets.subarray(at * size, (at + 1) * size),
      );
      assert.deepEqual(await Array.fromAsync(messagesFrom(fed(pieces))), sent);
    }
  });

  it('are nothing where they are no objects', async () => {
    const messages = messagesFrom(fed([Buffer.from('null\n7\n{"kind":\n\n{"kind":"note"}\n')]));
    assert.deepEqual(await Array.fromAsync(messages), [{}, {}, {}, {}, { kind: 'note' }]);
  });

  it('are refused where one does not end, before much of it is held', async () => {
    let taken = 0;
    const endless = async function* () {
      for (;;) {
        taken += 1_024;
        yield Buffer.alloc(1_024, 'x');
      }
    };
    await assert.rejects(messagesFrom(endless()).next(), {
      name: 'RangeError',
      message: 'it sent a message of over 65536 octets',
    });
    assert.equal(taken, 65_536 + 1_024);
  });

  it('cannot be sent to who is gone, which is no error', async () => {
    const pipe = new PassThrough();
    pipe.destroy();
    await sendMessage(pipe, { kind: 'note' });
  });
});

async function* fed(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
