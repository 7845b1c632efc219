import { serialiseDeauthorisation } from '#awala/cargo/deauthorisation.ts';
import { countersign, type Peer } from '#test/builders/peers.ts';
import type { Road } from '#test/builders/road.ts';
import { type Answer, HttpClient } from '#test/peers/http-client.ts';
import type { GatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/v1/parcel-delivery-deauthorizations';
const TYPE = 'application/vnd.awala.parcel-delivery-deauthorization';

type Template = Partial<Parameters<typeof serialiseDeauthorisation>[0]>;

/** A deauthorisation (PDD) of the road's sender, but for what the template says. */
export function deauthorisationOn(road: Road, template: Template = {}): Uint8Array {
  return serialiseDeauthorisation({
    recipient: road.recipient.nodeId,
    serialNumbers: [road.sender.certificate.serialNumber],
    expiresAt: road.recipient.certificate.notAfter,
    createdAt: road.now,
    ...template,
  });
}

/** Posts a deauthorisation as the road's phone would, or as `by`; without a signature if that is null. */
export async function withdraw(
  { poweb }: Pick<GatewayUnderTest, 'poweb'>,
  { phone }: Pick<Road, 'phone'>,
  body: Uint8Array,
  by: Peer | null = phone,
): Promise<Answer> {
  using client = new HttpClient(poweb);
  const authorization = by ? await countersign(body, by, 'parcel-deauthorisation') : '';
  return await client.post(PATH, { headers: { 'content-type': TYPE, authorization }, body });
}
