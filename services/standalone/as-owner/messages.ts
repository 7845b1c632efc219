import type { Writable } from 'node:stream';
import { parseObject } from '../running/operations-client.ts';

/** The descriptor through which a process that became another user's and root's talk. */
export const MESSAGES_DESCRIPTOR = 3;

const MOST_MESSAGE_OCTETS = 65_536;

/** Sends a message, a line of JSON; resolves once that was sent, or cannot be. */
export function sendMessage(to: Writable, message: object): Promise<void> {
  return new Promise((resolve) => {
    to.write(`${JSON.stringify(message)}\n`, () => resolve());
  });
}

/**
 * The messages that come through a pipe, as they come. What is no JSON object is an empty one; nothing
 * else about them is checked.
 *
 * @throws {RangeError} once it holds over 64 KiB of one, as the other end may be another user's
 */
export async function* messagesFrom<Message>(
  pipe: AsyncIterable<Uint8Array>,
): AsyncGenerator<Message, void, undefined> {
  let held = Buffer.alloc(0);
  for await (const octets of pipe) {
    held = Buffer.concat([held, octets]);
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      yield parseObject(held.toString('utf8', 0, end)) as Message;
      held = held.subarray(end + 1);
    }
    if (held.length > MOST_MESSAGE_OCTETS) {
      throw new RangeError(`it sent a message of over ${MOST_MESSAGE_OCTETS} octets`);
    }
  }
}
