import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';

/** A proxy for a test server of Cloud Storage that adds the bucket settings which that does not keep. */
interface BucketSettingsProxy extends AsyncDisposable {
  readonly origin: string;
}

/**
 * @param target - the origin of the server
 * @param settings - of the bucket, as in the JSON API
 */
export async function startBucketSettingsProxy(
  target: string,
  settings: object,
): Promise<BucketSettingsProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    if (method === 'GET' && /^\/storage\/v1\/b\/[^/?]+(?:\?|$)/.test(url)) {
      outgoing.end(JSON.stringify(settings));
      return;
    }
    const forwarded = httpRequest(new URL(url, target), { method, headers, agent: false });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
