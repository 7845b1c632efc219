import type { IncomingMessage } from 'node:http';
import type { Clock } from '#clock/clock.ts';

/**
 * Lets a refused client send the rest of its body for `lingerMs`, so that it can read the answer.
 */
export function lingerUnlessComplete(
  request: IncomingMessage,
  clock: Clock,
  lingerMs: number,
): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) {
    return;
  }
  const cancel = clock.schedule(lingerMs, () => {
    if (!request.complete) {
      socket.destroy();
    }
  });
  // Not of its socket, which may bring any number of others to be refused.
  request.once('close', cancel);
}
