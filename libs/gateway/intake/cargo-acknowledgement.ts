import { parsePca } from '#awala/cargo/pca.ts';
import { MalformedMessageError } from '#awala/errors.ts';
import { type NodeId, parseNodeId } from '#awala/node-id.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Mailbox } from '../held/mailbox.ts';

export interface CargoAcknowledgementParts {
  readonly mailbox: Pick<Mailbox, 'acknowledge'>;
  readonly metrics: GatewayMetrics;
}

/**
 * Deletes the parcel that an acknowledgement (PCA) in a cargo names. Whatever it names, only what is
 * held for the sender of the cargo can be meant.
 *
 * @param pca - serialised
 * @param privateGateway - whose cargo it is
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
