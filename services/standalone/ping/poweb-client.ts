import { WebSocket } from 'ws';
import { parseDelivery } from '#awala/collection/delivery.ts';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import {
  type ConnectionParameters,
  parseConnectionParameters,
} from '#awala/connection-parameters.ts';
import { countersignatureHeader } from '#awala/countersignature.ts';
import { parseRegistration, type Registration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import type { NodeKey, Phone } from './phone.ts';

const USER_AGENT = 'awala-gateway-ping';

/** The gateway's answer is not one that the protocol allows. */
class UnexpectedAnswerError extends Error {
  readonly code = 'UNEXPECTED_ANSWER';
}

/** Speaks PoWeb (RS-016) to the gateway at a base URL, as a phone does. */
export class PowebClient {
  readonly #base: URL;

  constructor(base: URL) {
    this.#base = base;
  }

  async connectionParameters(signal: AbortSignal): Promise<ConnectionParameters> {
    const response = await fetch(new URL('/connection-params.der', this.#base), { signal });
    return parseConnectionParameters(await bodyOf(response, 200));
  }

  async register(key: NodeKey, signal: AbortSignal): Promise<Registration> {
    const digest = key.nodeId.slice(1);
    const authorization = await this.#post('/v1/pre-registrations', 'text/plain', digest, signal);
    const request = await serialiseRegistrationRequest(
      { publicKey: key.publicKeyDer, authorization: await bodyOf(authorization, 200) },
      key.sign,
    );
    const mediaType = 'application/vnd.awala.node-registration.request';
    return parseRegistration(
      await bodyOf(await this.#post('/v1/nodes', mediaType, request, signal), 200),
    );
  }

  async deliver(parcel: Uint8Array, phone: Phone, signal: AbortSignal): Promise<void> {
    const authorization = countersignatureHeader(await phone.countersign(parcel));
    const mediaType = 'application/vnd.awala.parcel';
    const headers = { authorization };
    await bodyOf(await this.#post('/v1/parcels', mediaType, parcel, signal, headers), 202);
  }

  /** Collects until a parcel equal to `expected` arrives; acknowledges every parcel. */
  collect(expected: Uint8Array, phone: Phone, signal: AbortSignal): Promise<void> {
    const url = new URL('/v1/parcel-collection', this.#base);
    url.protocol = url.protocol.replace('http', 'ws');
    const headers = {
      'user-agent': USER_AGENT,
      'x-awala-streaming-mode': 'close-upon-completion',
    };
    const socket = new WebSocket(url, { headers });
    return new Promise<void>((resolve, reject) => {
      let hasArrived = false;
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        const message = `the gateway closed the connection (${code} ${reason})`;
        return code === 1000 && hasArrived ? resolve() : reject(new UnexpectedAnswerError(message));
      });
      socket.once('message', (challenge: Buffer) => {
        socket.on('message', (frame: Buffer) => {
          try {
            const { deliveryId, parcel } = parseDelivery(frame);
            hasArrived ||= Buffer.compare(parcel, expected) === 0;
            socket.send(deliveryId);
          } catch (error) {
            reject(error);
          }
        });
        phone
          .answerChallenge(parseChallenge(challenge))
          .then((signature) => socket.send(serialiseHandshakeResponse([signature])), reject);
      });
    }).finally(() => socket.terminate());
  }

  #post(
    path: string,
    mediaType: string,
    body: string | Uint8Array,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(new URL(path, this.#base), {
      method: 'POST',
      headers: { 'content-type': mediaType, 'user-agent': USER_AGENT, ...headers },
      body: typeof body === 'string' ? body : new Blob([Uint8Array.from(body)]),
      redirect: 'error',
      signal,
    });
  }
}

async function bodyOf(response: Response, expectedStatus: number): Promise<Uint8Array> {
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== expectedStatus) {
    const reason = body.toString('utf8', 0, 200).trim();
    throw new UnexpectedAnswerError(`HTTP ${response.status} ${reason}`.trimEnd());
  }
  return body;
}
