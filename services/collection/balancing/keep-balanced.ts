import { AgentServer, type AgentServerOptions } from '#runtime/agent-server.ts';
import type { CollectionServer } from '../collection-server.ts';
import { Balancers } from './balancers.ts';
import { ShareKeeper, type ShareKeeperParts } from './share-keeper.ts';

/** How long it takes to move the collectors of a load balancer that is about to end. */
const LEAVING_BALANCER_SPREAD_MS = 30_000;

/** A process among several behind load balancers of collection. */
interface Balanced extends AsyncDisposable {
  /** The port where load balancers ask whether it takes connections. */
  readonly port: number;
  /** Stops evening out shares, as the process is about to send everybody away. */
  stopSharing(): void;
}

type BalancedOptions = Pick<AgentServerOptions, 'host' | 'port' | 'phase'>;

/**
 * Answers the load balancers of collection, keeps this process's share of collectors even with the
 * others', and moves those whose load balancer is about to end.
 *
 * @throws if it cannot listen on the port
 */
export async function keepBalanced(
  collection: CollectionServer,
  parts: ShareKeeperParts,
  options: BalancedOptions,
): Promise<Balanced> {
  const { clock, log } = parts;
  const balancers = new Balancers(clock, (address) => {
    log.info({ balancer: address }, 'A load balancer is about to end: moving its collectors');
    const isGone = () => !balancers.isAsking(address);
    void collection.moveThoseBy(address, LEAVING_BALANCER_SPREAD_MS, isGone);
  });
  const agent = await AgentServer.listen({
    ...options,
    onAsked: (address) => balancers.asked(address),
  });
  const keeper = new ShareKeeper(parts, {
    collectors: () => collection.staying,
    balancers: () => balancers.count,
    move: (count, overMs) => void collection.moveSome(count, overMs),
  });
  keeper.start();
  return {
    port: agent.port,
    stopSharing: () => keeper.stop(),
    async [Symbol.asyncDispose]() {
      balancers.stop();
      await agent[Symbol.asyncDispose]();
    },
  };
}
