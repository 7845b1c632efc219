import type { IncomingMessage, ServerResponse } from 'node:http';

export interface AcmeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** Answers as an ACME server on which one has an account; to an order, and what follows, as given. */
export function answerAcme(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  otherwise: AcmeAnswer,
) {
  const at = (path: string) => `http://${headers.host}${path}`;
  response.setHeader('replay-nonce', 'a-nonce');
  switch (url) {
    case '/directory':
      return send(response, {
        status: 200,
        body: {
          newNonce: at('/nonce'),
          newAccount: at('/account'),
          newOrder: at('/order'),
        },
      });
    case '/nonce':
      return send(response, { status: 200 });
    case '/account':
    case '/account/1':
      return send(response, {
        status: 200,
        headers: { location: at('/account/1') },
        body: { status: 'valid' },
      });
    default:
      return send(response, otherwise);
  }
}

export function send(response: ServerResponse, { status, headers = {}, body }: AcmeAnswer) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body && JSON.stringify(body));
}
