import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { SeenMailboxes } from './seen-mailboxes.ts';

it('knows the mailboxes that a listing came by, and no others', () => {
  const mailboxes = Array.from({ length: 10_000 }, (_, at) => {
    const digest = createHash('sha256').update(String(at)).digest('hex');
    return `0a${digest.slice(1)}`;
  }).sort();
  const seen = new SeenMailboxes();
  for (const mailbox of mailboxes.filter((_, at) => at % 2 === 0)) {
    seen.add(mailbox);
    seen.add(mailbox);
  }
  assert.deepEqual(
    mailboxes.filter((mailbox) => seen.has(mailbox)),
    mailboxes.filter((_, at) => at % 2 === 0),
  );
  assert.equal(new SeenMailboxes().has(mailboxes[0] ?? ''), false);
});
