import type { NodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { HeldParcel, Mailbox } from '../held/mailbox.ts';
import { type CollectionPatience, callDeadlineMs } from './collection-patience.ts';

interface HeldParcelsOptions {
  readonly mailbox: Mailbox;
  readonly privateGateways: readonly NodeId[];
  readonly patience: CollectionPatience;
  readonly signal: AbortSignal;
}

/**
 * Yields what is held for some private gateways, each in ascending order of key.
 * A listing that fails goes on after the last parcel that it gave.
 *
 * @throws as {@link CollectionPatience.afterFailure}
 */
export async function* heldParcels(
  options: HeldParcelsOptions,
): AsyncGenerator<HeldParcel, void, undefined> {
  for (const privateGateway of options.privateGateways) {
    yield* heldFor(privateGateway, options);
  }
}

async function* heldFor(
  privateGateway: NodeId,
  { mailbox, patience, signal }: HeldParcelsOptions,
): AsyncGenerator<HeldParcel, void, undefined> {
  let startAfter: ObjectKey | undefined;
  for (let attempt = 1; ; attempt++) {
    const deadlineMs = callDeadlineMs(attempt);
    const from = { signal, deadlineMs, ...(startAfter !== undefined && { startAfter }) };
    try {
      for await (const parcel of mailbox.list(privateGateway, from)) {
        patience.succeeded();
        attempt = 1;
        startAfter = parcel.key;
        yield parcel;
      }
      patience.succeeded();
      return;
    } catch (error) {
      await patience.afterFailure('list', error, attempt);
    }
  }
}
