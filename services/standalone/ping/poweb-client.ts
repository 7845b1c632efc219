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
import { MEDIA_TYPE } from '#services/poweb/media-types.ts';
import type { NodeKey, Phone } from './phone.ts';
import { type Pin, PinnedHttp, UnexpectedAnswerError } from './pinned-http.ts';

/** Speaks PoWeb (RS-016) to the gateway at a base URL, as a phone does. */
export class PowebClient implements AsyncDisposable {
  readonly #http: PinnedHttp;

  constructor(base: URL, pin: Pin = {}) {
    this.#http = new PinnedHttp(base, pin);
  }

  /** What the Android app asks every few seconds while there is a network: any answer will do. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#http.ask('/', { method: 'HEAD', signal });
  }

  async connectionParameters(signal: AbortSignal): Promise<ConnectionParameters> {
    const path = '/connection-params.der';
    const { body } = await this.#http.ask(path, { method: 'GET', status: 200, signal });
    return parseConnectionParameters(body);
  }

  /** Refuses media types with parameters, as the Android app does. */
  async register(key: NodeKey, signal: AbortSignal): Promise<Registration> {
    const digest = key.nodeId.slice(1);
    const asked = { mediaType: MEDIA_TYPE.keyDigest, body: digest, signal };
    const authorization = await this.#post('/v1/pre-registrations', {
      ...asked,
      answer: MEDIA_TYPE.authorization,
    });
    const request = await serialiseRegistrationRequest(
      { publicKey: key.publicKeyDer, authorization },
      key.sign,
    );
    const registration = await this.#post('/v1/nodes', {
      mediaType: MEDIA_TYPE.registrationRequest,
      body: request,
      answer: MEDIA_TYPE.registration,
      signal,
    });
    return parseRegistration(registration);
  }

  async deliver(parcel: Uint8Array, phone: Phone, signal: AbortSignal): Promise<void> {
    const authorization = countersignatureHeader(await phone.countersign(parcel));
    const headers = { 'content-type': MEDIA_TYPE.parcel, authorization };
    const asked = { method: 'POST', headers, body: parcel, status: 202, signal } as const;
    await this.#http.ask('/v1/parcels', asked);
  }

  /** Collects until a parcel equal to `expected` arrives; acknowledges every parcel. */
  collect(expected: Uint8Array, phone: Phone, signal: AbortSignal): Promise<void> {
    const url = new URL('/v1/parcel-collection', this.#http.base);
    url.protocol = url.protocol.replace('http', 'ws');
    const headers = {
      'user-agent': this.#http.userAgent,
      'x-awala-streaming-mode': 'close-upon-completion',
    };
    const socket = new WebSocket(url, { headers, ...this.#http.socketOptions });
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  async #post(
    path: string,
    asked: {
      readonly mediaType: string;
      readonly body: string | Uint8Array;
      /** The media type that the answer must have. */
      readonly answer: string;
      readonly signal: AbortSignal;
    },
  ): Promise<Uint8Array> {
    const headers = { 'content-type': asked.mediaType };
    const { body, signal } = asked;
    const answer = await this.#http.ask(path, {
      method: 'POST',
      headers,
      body,
      status: 200,
      signal,
    });
    if (answer.mediaType !== asked.answer) {
      const message = `the answer’s Content-Type is “${answer.mediaType}”, where phones demand ${asked.answer}`;
      throw new UnexpectedAnswerError(message);
    }
    return answer.body;
  }
}
