import { failedOrders } from '../look/failed-orders.ts';
import type { LookConfig } from '../look/look-variables.ts';
import { type Finding, ill } from './finding.ts';

/** Whether the latest order of a certificate failed, and why. */
export async function orderFindings(
  certificates: LookConfig['certificates'],
): Promise<readonly Finding[]> {
  const failed = await failedOrders(certificates);
  if (!failed) {
    return [];
  }
  const { failures, detail } = failed;
  const times = failures === 1 ? 'the last order failed' : `the last ${failures} orders failed`;
  return [
    ill('certificate', `${times}: ${detail}`, {
      why: 'Without a certificate, or once it has expired, no client connects.',
      remedy:
        'Do what it says. The gateway tries again by itself, and a minute after a restart unless it must wait.',
    }),
  ];
}
