import { everyAddress } from '#services/edge/every-address.ts';
import type { RunProgram } from '../running/run-program.ts';
import { whyNotListening } from '../running/why-not-listening.ts';

/** What holds a port that the gateway needs. */
export interface TakenPort {
  readonly port: number;
  /** The program's name; null if that is not known. */
  readonly by: string | null;
}

/** TCP ports; without a host, on every address of the machine. */
interface Ports {
  readonly host: string | null;
  readonly ports: readonly number[];
}

/** Which of these ports another program listens on. */
export async function takenPorts(
  { host, ports }: Ports,
  run: RunProgram,
): Promise<readonly TakenPort[]> {
  const taken: TakenPort[] = [];
  for (const port of ports) {
    // Whoever may not listen on it learns nothing, and so takes it for free.
    if ((await whyNotListening(host ?? everyAddress(), port)) === 'EADDRINUSE') {
      taken.push({ port, by: await holderOf(port, run) });
    }
  }
  return taken;
}

async function holderOf(port: number, run: RunProgram): Promise<string | null> {
  const { output } = await run('ss', ['-Hltnp', `sport = :${port}`]);
  return /users:\(\("([^"]+)"/.exec(output)?.[1] ?? null;
}
