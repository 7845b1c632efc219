import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { createOperationsServer } from '#runtime/operations-server.ts';
import { Readiness } from '#runtime/readiness.ts';
import { releaseOf } from '#runtime/release.ts';

/** An operations server that listens, and what stands behind it. @param checks - of readiness */
export async function openOperations(checks: Readonly<Record<string, () => Promise<void>>> = {}) {
  const clock = new ManualClock();
  const readiness = new Readiness({ checks, clock });
  const metrics = new ProcessMetrics();
  const server = createOperationsServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    clock,
    service: 'poweb',
    release: releaseOf({ revision: '0123abc', imageDigest: null }),
    readiness,
    metrics,
  });
  await server.listen();
  return {
    server,
    clock,
    readiness,
    metrics,
    ask: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
