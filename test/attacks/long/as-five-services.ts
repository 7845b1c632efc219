import { InternetApp } from '#test/peers/internet-app.ts';
import { startFiveServices } from '#test/services/five-services.ts';
import { ServiceProcess } from '#test/services/service-process.ts';
import { ATTACKERS_NETWORK } from '../attacker.ts';
import { Attackers } from './attackers.ts';
import { HonestClients } from './honest-clients.ts';
import type { AttackRow } from './rows.ts';
import { type Served, servedDuring } from './serving.ts';

/** An attack on five services, of which there are two processes of collection. */
export interface FiveServicesRow extends Pick<AttackRow, 'says' | 'attack' | 'count' | 'honest'> {
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Has five services on emulators attacked, both processes of collection at once, while honest
 * phones collect from the second.
 *
 * @param turns - how often honest clients ask
 */
export async function undergoAsFiveServices(row: FiveServicesRow, turns: number): Promise<Served> {
  await using opened = new AsyncDisposableStack();
  const app = opened.use(await InternetApp.start());
  const environment = { ...app.doh.environment, ...row.environment };
  const { services, environment: whole } = opened.use(await startFiveServices(environment));
  const second = opened.use(await ServiceProcess.startReady('collection', whole));
  const ports = {
    poweb: services.poweb.port,
    collection: services.collection.port,
    pohttp: services.pohttp.port,
    cogrpc: services.cogrpc.port,
    operations: services.poweb.operationsPort,
  };
  const both = [ports, { ...ports, collection: second.port }];
  const honest = opened.use(
    await HonestClients.register({ ...ports, collection: second.port }, app),
  );
  for (const attacked of both) {
    const target = { ports: attacked, from: ATTACKERS_NETWORK, count: row.count };
    opened.use(await Attackers.begin({ attack: row.attack, target }));
  }
  return await servedDuring(row, honest, (asked) => asked === turns);
}
