import { randomBytes, randomUUID } from 'node:crypto';
import type { ReachableGateway } from './both-forms.ts';

const DAY_MS = 86_400_000;
const STORED_AT_ONCE = 8;
const LABEL_OCTETS = 16;

/**
 * Has the gateway hold so many parcels. Their octets are random: nobody looks into a
 * parcel on its way out.
 *
 * @returns the label of each, in order
 */
export async function holdParcels(
  { gateway }: Pick<ReachableGateway, 'gateway'>,
  privateGateway: string,
  parcels: { readonly count: number; readonly octets: number },
): Promise<string[]> {
  const expiresAt = new Date(Date.now() + DAY_MS);
  const labels: string[] = [];
  const store = async () => {
    const body = randomBytes(parcels.octets);
    const sender = `0${randomBytes(32).toString('hex')}`;
    const parcel = { privateGateway, recipient: sender, sender, parcelId: randomUUID() };
    labels.push(labelOf(body));
    await gateway.mailbox.store(parcel, body, expiresAt);
  };
  while (labels.length < parcels.count) {
    const left = Math.min(STORED_AT_ONCE, parcels.count - labels.length);
    await Promise.all(Array.from({ length: left }, store));
  }
  return labels.sort();
}

/** What tells a held parcel from any other: its first octets. */
function labelOf(parcel: Buffer): string {
  return parcel.toString('hex', 0, LABEL_OCTETS);
}

/** The labels of what was collected, in order. */
export function labelsOf(parcels: readonly Buffer[]): string[] {
  return parcels.map(labelOf).sort();
}
