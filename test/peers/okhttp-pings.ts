import type { WebSocket } from 'ws';
import type { Clock } from '#clock/clock.ts';

/** Each ping must be answered before the next. */
const PING_INTERVAL_MS = 5_000;

/**
 * Pings like OkHttp, until the socket closes.
 *
 * @param on.lost - called once, if no pong came since the last ping
 * @param on.answered - called with how long a ping waited for its pong
 */
export function keepPinging(
  socket: WebSocket,
  clock: Clock,
  on: { readonly lost: () => void; readonly answered?: (afterMs: number) => void },
): void {
  let pingedAtMs: number | null = null;
  let cancel = () => {};
  const pingLater = () => {
    cancel = clock.schedule(PING_INTERVAL_MS, () => {
      if (pingedAtMs !== null) {
        on.lost();
        return;
      }
      pingedAtMs = clock.elapsedMs();
      socket.ping();
      pingLater();
    });
  };
  socket.on('pong', () => {
    if (pingedAtMs !== null) {
      on.answered?.(clock.elapsedMs() - pingedAtMs);
      pingedAtMs = null;
    }
  });
  socket.once('close', () => cancel());
  pingLater();
}
