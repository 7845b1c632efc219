import { userInfo } from 'node:os';
import process from 'node:process';
import type { Foundations } from '#composition/foundations.ts';
import { openHeldIndex } from '#composition/held-index.ts';
import { openObjectStore } from '#composition/object-store.ts';
import { openRecordStore } from '#composition/record-store.ts';
import { openSignals } from '#composition/signals.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { MAX_BLOCKS } from '#gateway/peers/block.ts';
import { heldOfPeer } from '#gateway/peers/held-of-peer.ts';
import { listActs } from '#gateway/peers/operator-act.ts';
import { PeerOrders } from '#gateway/peers/peer-orders.ts';
import { MAX_PEER_QUOTAS } from '#gateway/peers/peer-quota.ts';
import type { RecordStore } from '#record-store/port.ts';
import { ProcessTerminal } from '../setup/process-terminal.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';
import { BACKING_HELP, type CommandConfig } from './command-variables.ts';
import { type PeerArguments, readPeerArguments } from './peers-arguments.ts';
import {
  actText,
  blockText,
  factorText,
  heldText,
  invitationText,
  quotaText,
} from './peers-text.ts';
import { withPorts } from './with-ports.ts';

/** `awala-gateway peers`: what operators may do about private gateways. */
export const peersCommand: Command = {
  usage: `Usage: awala-gateway peers list [--json]
       awala-gateway peers show <id> [--json]
       awala-gateway peers block <id> --reason <text> [--for <time>] [--may-collect]
       awala-gateway peers unblock <id> --reason <text>
       awala-gateway peers quota <id> --factor <number> --reason <text> [--for <time>]
       awala-gateway peers purge <id> --reason <text> [--yes]
       awala-gateway peers invite [<id>] --reason <text> [--count <number>]
                                  [--for <time>]
       awala-gateway peers log [--json]

A blocked private gateway cannot register or renew its certificate; its parcels
and cargo are not taken, and it collects nothing. Its app keeps what it has, and
tries again. Parcels for it are still held. Every process heeds a block, and its
end, within ten seconds. The id is the one in the log: 0 and 64 digits.

With a quota of its own, a private gateway may send so many times as much as
others: --factor 4, or 0.1; 1 is the quota of all again. The same ten seconds.

Where REGISTRATION=invitation, invite lets the next newcomers register, one unless
--count says more, within 15 minutes unless --for says else: tell them “now”. It
takes the place of an invitation before, and --count 0 ends it. Or it lets one
in by its id, which the log has once it was refused, within 7 days; with
REGISTRATION=closed, too. Registered phones may always renew. In effect at once.

Purge deletes for good the parcels held for a private gateway, and its cargo that
is not unpacked yet. Block it first, or more may come.

Each act is noted with your name and reason for a year: peers log.

  --reason <text>  why, for those who ask later; the private gateway is not told
  --for <time>     how long, such as 30m, 12h or 7d; blocks and quotas stay by default
  --may-collect    it may still collect what is held for it
  --factor <n>     what each quota is multiplied by, from 0.01 to 1000
  --count <n>      how many newcomers may register, up to 1000
  --yes            purge without asking
  --json           print JSON, an object in each line

${BACKING_HELP}`,
  run(context) {
    const read = readPeerArguments(context.args);
    return withPorts(context, async (foundations, config) => {
      const records = await openRecordStore(config.recordStore, foundations);
      const { clock } = foundations;
      const orders = new PeerOrders({ records, clock, by: operator(context) });
      await act(read, { ...context, orders, records, foundations, config });
    });
  },
};

interface Parts extends CommandContext {
  readonly orders: PeerOrders;
  readonly records: RecordStore;
  readonly foundations: Foundations;
  readonly config: CommandConfig;
}

function act(read: PeerArguments, parts: Parts): Promise<void> {
  switch (read.action) {
    case 'list':
      return list(read.json, parts);
    case 'log':
      return show(listActs(parts.records), actText, read.json, parts);
    case 'show':
      return showPeer(read, parts);
    case 'block':
      return block(read, parts);
    case 'unblock':
      return unblock(read, parts);
    case 'quota':
      return setQuota(read, parts);
    case 'invite':
      return invite(read, parts);
    case 'purge':
      return purge(read, parts);
  }
}

type Read<Action> = Extract<PeerArguments, { readonly action: Action }>;

async function show<Item>(
  items: AsyncIterable<Item>,
  inWords: (item: Item) => string,
  json: boolean,
  { print }: Parts,
): Promise<void> {
  for await (const item of items) {
    print(json ? JSON.stringify(item) : inWords(item));
  }
}

/** The invitation, if any, then who is blocked, then whose quotas differ. */
async function list(json: boolean, parts: Parts): Promise<void> {
  const { orders, print } = parts;
  const invitation = await orders.invitation();
  if (invitation) {
    print(json ? JSON.stringify(invitation) : invitationText(invitation));
  }
  await show(orders.blocks(), blockText, json, parts);
  await show(orders.quotas(), quotaText, json, parts);
}

async function showPeer({ peer, json }: Read<'show'>, parts: Parts): Promise<void> {
  const { orders, print } = parts;
  const found = await orders.blockOf(peer);
  const quota = await orders.quotaOf(peer);
  const held = await holdingOf(parts, (h) => heldOfPeer(peer, h));
  if (json) {
    print(JSON.stringify({ peer, block: found, quota, held }));
    return;
  }
  print(found ? blockText(found) : `${peer}\n  not blocked`);
  if (quota) {
    print(`  ${factorText(quota)}`);
  }
  print(`  held: ${heldText(held)}`);
}

async function block(
  { peer, reason, forMs, mayCollect }: Read<'block'>,
  { orders, foundations, print }: Parts,
): Promise<void> {
  const until = forMs === null ? null : inTime(forMs, foundations);
  if (!(await orders.block({ peer, reason, until, mayCollect }))) {
    throw new UsageError(`${MAX_BLOCKS} private gateways are blocked, and no more can be`);
  }
  print('blocked; within ten seconds in every process');
}

async function unblock({ peer, reason }: Read<'unblock'>, { orders, print }: Parts): Promise<void> {
  const was = await orders.unblock(peer, reason);
  print(was ? 'unblocked; within ten seconds in every process' : 'it was not blocked');
}

async function setQuota(
  { peer, factor, reason, forMs }: Read<'quota'>,
  { orders, foundations, print }: Parts,
): Promise<void> {
  const until = forMs === null ? null : inTime(forMs, foundations);
  if (!(await orders.setQuota({ peer, factor, reason, until }))) {
    throw new UsageError(
      `${MAX_PEER_QUOTAS} private gateways have quotas of their own, and no more can`,
    );
  }
  print('set; within ten seconds in every process');
}

async function invite(
  { peer, places, reason, forMs }: Read<'invite'>,
  { orders, foundations, print }: Parts,
): Promise<void> {
  const until = inTime(forMs, foundations);
  if (peer !== null) {
    const isNew = await orders.inviteById(peer, { reason, until });
    print(isNew ? 'it may register now' : 'it may register already');
    return;
  }
  await orders.invite({ places, reason, until });
  print(places === 0 ? 'nobody is invited' : `the next ${places} may register now`);
}

function inTime(ms: number, { clock }: Foundations): Date {
  return new Date(clock.now().getTime() + ms);
}

async function purge({ peer, reason, yes }: Read<'purge'>, parts: Parts): Promise<void> {
  const { orders, print } = parts;
  await holdingOf(parts, async (holding) => {
    const held = await heldOfPeer(peer, holding);
    print(`held: ${heldText(held)}`);
    if (yes || (await isConfirmed(print))) {
      print(`deleted: ${heldText(await orders.purge(peer, reason, holding))}`);
    } else {
      print('Nothing was deleted.');
    }
  });
}

/** Whether the operator says so at the terminal. */
async function isConfirmed(print: (line: string) => void): Promise<boolean> {
  const interruption = new AbortController();
  const onInterrupt = () => interruption.abort(new UsageError('nothing was deleted'));
  const streams = { input: process.stdin, output: process.stdout, onInterrupt };
  const terminal = new ProcessTerminal(streams, print);
  if (!terminal.canAsk) {
    throw new UsageError('purge asks before it deletes: here, where nobody can answer, say --yes');
  }
  const answer = await terminal.ask('Delete all that for good? [y/N]', interruption.signal);
  return /^y(es)?$/i.test(answer);
}

async function holdingOf<Result>(
  { config, foundations }: Parts,
  use: (holding: Parameters<typeof heldOfPeer>[1]) => Promise<Result>,
): Promise<Result> {
  const objects = await openObjectStore(config.objectStore, foundations);
  const signals = await openSignals(config.signals, foundations);
  const heldIndex = await openHeldIndex(config, foundations);
  const { clock } = foundations;
  return use({ objects, mailbox: new Mailbox({ objects, signals, heldIndex, clock }) });
}

/** Who gave the order, as far as this machine knows. */
function operator({ environment }: CommandContext): string {
  return environment.SUDO_USER ?? userInfo().username;
}
