import { once } from 'node:events';
import { createServer } from 'node:net';
import type { RunProgram } from './systemd.ts';

/** What holds a port that the gateway needs. */
export interface TakenPort {
  readonly port: number;
  /** The program's name; null if that is not known. */
  readonly by: string | null;
}

/** Which of these TCP ports another program listens on. */
export async function takenPorts(
  ports: readonly number[],
  run: RunProgram,
): Promise<readonly TakenPort[]> {
  const taken: TakenPort[] = [];
  for (const port of ports) {
    if (await isTaken(port)) {
      taken.push({ port, by: await holderOf(port, run) });
    }
  }
  return taken;
}

/** Whoever may not listen on it learns nothing, and so takes it for free. */
async function isTaken(port: number): Promise<boolean> {
  for (const host of ['::', '0.0.0.0']) {
    const server = createServer();
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
        return true;
      }
    }
  }
  return false;
}

async function holderOf(port: number, run: RunProgram): Promise<string | null> {
  const { output } = await run('ss', ['-Hltnp', `sport = :${port}`]);
  return /users:\(\("([^"]+)"/.exec(output)?.[1] ?? null;
}
