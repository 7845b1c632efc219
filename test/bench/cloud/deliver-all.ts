import { Agent } from 'node:http';
import { type Delivery, deliver } from '../deliveries.ts';

const CONNECTIONS = 20;

/** Delivers over PoWeb, several at a time. @throws unless each is answered 202 */
export async function deliverAll(port: number, deliveries: readonly Delivery[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const remaining = deliveries.values();
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    for (const delivery of remaining) {
      await deliver(port, agent, delivery);
    }
  });
  try {
    await Promise.all(workers);
  } finally {
    agent.destroy();
  }
}
