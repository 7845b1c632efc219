import { Collector } from '#test/end-to-end/support/collector.ts';
import type { CloudPhone } from './cloud-phone.ts';

const HEADERS = { 'x-awala-streaming-mode': 'close-upon-completion' };

/** Collects all that is held for a phone, acknowledging each. @returns how many parcels came */
export async function collectBacklog(port: number, { peer }: CloudPhone): Promise<number> {
  using collector = await Collector.open(port, [peer], { headers: HEADERS });
  for (let collected = 0; ; collected++) {
    const delivery = await collector.nextOrNull();
    if (!delivery) {
      const { code, reason } = await collector.closed;
      if (code !== 1_000) {
        throw new Error(`the collection was closed with ${code} ${reason}`);
      }
      return collected;
    }
    collector.acknowledge(delivery);
  }
}
