import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Tries to listen on a TCP port, and leaves it again.
 *
 * @returns the system's error code, such as `EADDRINUSE`; null if it worked
 */
export async function whyNotListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
