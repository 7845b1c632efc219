import { Socket } from 'node:net';
import { join } from 'node:path';
import { becomeOwner } from '../as-owner/become.ts';
import { MESSAGES_DESCRIPTOR, messagesFrom, sendMessage } from '../as-owner/messages.ts';
import { type PageAnswer, type PageOrder, writePage } from './for-users.ts';

/** The process in which root's set-up writes the page for users into the folder of another user. */
async function write({ folder, user, name, text }: PageOrder): Promise<PageAnswer> {
  try {
    await writePage(join(becomeOwner(folder, user), name), text);
    return { why: null };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

const messages = new Socket({ fd: MESSAGES_DESCRIPTOR });
for await (const order of messagesFrom<PageOrder>(messages)) {
  await sendMessage(messages, await write(order));
  break;
}
