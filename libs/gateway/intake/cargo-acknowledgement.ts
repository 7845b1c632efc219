import { parsePca } from '#awala/cargo/pca.ts';
import { MalformedMessageError } from '#awala/errors.ts';
import { type NodeId, parseNodeId } from '#awala/node-id.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Mailbox } from '../held/mailbox.ts';

/** What {@link heedAcknowledgement} needs. */
export interface CargoAcknowledgementParts {
  readonly mailbox: Pick<Mailbox, 'acknowledge'>;
  readonly metrics: GatewayMetrics;
}

/**
 * Deletes the parcel that an acknowledgement (PCA) in a cargo names, if it is held for the cargo's
 * sender.
 *
 * @param pca - serialised
 * @param privateGateway - the cargo's sender
 * @returns whether the parcel was held
 * @throws {MalformedMessageError}
 * @throws {BackingUnavailableError}
 */
export async function heedAcknowledgement(
  pca: Uint8Array,
  privateGateway: NodeId,
  { mailbox, metrics }: CargoAcknowledgementParts,
): Promise<boolean> {
  const { senderId, recipientId, parcelId } = parsePca(pca);
  const sender = parseNodeId(senderId);
  const recipient = parseNodeId(recipientId);
  if (!sender || !recipient) {
    throw new MalformedMessageError('the acknowledgement does not name nodes');
  }
  const wasHeld = await mailbox.acknowledge({ privateGateway, sender, recipient, parcelId });
  if (wasHeld) {
    metrics.parcelCollected('cargo', null);
  }
  return wasHeld;
}
