import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { MESSAGES_DESCRIPTOR, messagesFrom, sendMessage } from '../as-owner/messages.ts';
import { otherOwnerOf, type User } from '../as-owner/other-owner.ts';
import { pipeTo, startForOwner } from '../as-owner/start-for-owner.ts';

const WRITING_TIMEOUT_MS = 10_000;
/** All permissions of a file that is no program. */
const READ_AND_WRITE = 0o644;

/**
 * The page to hand to users: how to enter the gateway's address on a phone, in the words of the
 * Android app (1.10, `res/values/strings.xml`). There is no QR code, as the app cannot scan one.
 *
 * @param address - as the app must send it: in ASCII
 * @param contact - whom to tell what is wrong; null to leave that open
 */
export function pageForUsers(address: string, contact: string | null = null): string {
  return `Our Awala gateway:  ${address}

It carries the parcels of the Awala apps on your phone. It cannot read them,
but it sees when your phone sends and receives, from which network, and how much.

You need an Android phone with the app Awala, from
https://play.google.com/store/apps/details?id=tech.relaycorp.gateway,
and an app that uses it, such as Letro.

On the phone, in the app Awala, while connected to the Internet:

 1. Tap the cogwheel at the top of the first screen (“Settings”).
 2. Under “Advanced Settings”, “Internet Gateway”, tap the address that stands
    there, such as belgium.relaycorp.services.
 3. Under “New Internet Gateway”, type exactly

        ${address}

    The app says: “Address looks valid”.
 4. Tap “Migrate”, then “Continue”.
 5. “Internet gateway migration successful”: that is all.

As the app warns, Awala apps that are on the phone already may receive nothing
for a while after this, and what another gateway still holds for the phone
stays there.

If it says “Could not resolve Internet gateway address”, look for a slip in the
address, and whether the phone is on the Internet. If it says “Could not
register with Internet gateway”, try again in a minute; then tell us${contact === null ? '.' : `: ${contact}`}
`;
}

/**
 * Writes the page to a file, which whoever may enter its folder may read. Where that folder, such as
 * the gateway's data, is another user's, root does it in a process that becomes that user's.
 */
export async function handOut(path: string, text: string): Promise<void> {
  const folder = resolve(dirname(path));
  const user = await otherOwnerOf(folder);
  if (user === null) {
    await writePage(path, text);
    return;
  }
  const child = startForOwner(new URL('./page-process.ts', import.meta.url), {
    timeout: WRITING_TIMEOUT_MS,
  });
  const messages = pipeTo(child, MESSAGES_DESCRIPTOR);
  // Then its pipe ends, too.
  child.on('error', () => {});
  const order: PageOrder = { folder, user, name: basename(path), text };
  void sendMessage(messages, order);
  for await (const { why } of messagesFrom<PageAnswer>(messages)) {
    if (why === null) {
      return;
    }
    throw new Error(why);
  }
  throw new Error('its process ended');
}

/** What the process that writes the page is told. */
export interface PageOrder {
  readonly folder: string;
  readonly user: User;
  readonly name: string;
  readonly text: string;
}

/** What it answers. */
export interface PageAnswer {
  /** Why the page was not written; null if it was. */
  readonly why: string | null;
}

/** Writes the page as whoever runs this. */
export async function writePage(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const { mode } = await stat(folder);
  const temporary = `${path}.${randomUUID()}.new`;
  {
    await using file = await open(temporary, 'wx');
    await file.writeFile(text);
    await file.chmod(mode & READ_AND_WRITE);
    await file.sync();
  }
  await rename(temporary, path);
}
