import { join } from 'node:path';
import process from 'node:process';
import { becomeOwner } from '../as-owner/become.ts';
import { type PageAnswer, type PageOrder, writePage } from './for-users.ts';

/** The process in which root's set-up writes the page for users into the folder of another user. */
async function write({ folder, user, name, text }: PageOrder): Promise<void> {
  try {
    await writePage(join(becomeOwner(folder, user), name), text);
    answer('');
  } catch (error) {
    answer(error instanceof Error ? error.message : String(error));
  }
}

function answer(why: PageAnswer): void {
  process.send?.(why, undefined, undefined, () => process.disconnect?.());
}

process.once('message', (order: PageOrder) => void write(order));
