import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type Delivery, deliver } from '../deliveries.ts';

const CONNECTIONS = 20;

/** Delivers over PoWeb, several at a time. @throws unless each is answered 202 */
export function deliverAll(port: number, deliveries: readonly Delivery[]): Promise<void> {
  return eachOf(deliveries, (agent, delivery) => deliver(port, agent, delivery));
}

/** Posts the parcels over PoHTTP, as Internet apps do. @throws unless each is answered 202 */
export function postAll(port: number, deliveries: readonly Delivery[]): Promise<void> {
  const headers = { 'content-type': 'application/vnd.awala.parcel' };
  return eachOf(deliveries, async (agent, { parcel }) => {
    const options = { host: '127.0.0.1', port, agent, method: 'POST', headers };
    const outgoing = request(options).end(parcel);
    const [response] = await once(outgoing, 'response');
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 202) {
      throw new Error(`the server answered ${response.statusCode}`);
    }
  });
}

async function eachOf(
  deliveries: readonly Delivery[],
  send: (agent: Agent, delivery: Delivery) => Promise<void>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const remaining = deliveries.values();
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    for (const delivery of remaining) {
      await send(agent, delivery);
    }
  });
  try {
    await Promise.all(workers);
  } finally {
    agent.destroy();
  }
}
