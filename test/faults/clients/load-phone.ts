import { randomUUID } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import { gatewayBoundKey, internetBoundKey } from '#gateway/held/object-keys.ts';
import {
  authorisedSender,
  endpoint,
  identity,
  messageFrom,
  type Peer,
  validAround,
} from '#test/builders/peers.ts';
import { type RegisteredPhone, registerPhone } from '#test/end-to-end/support/registered-phone.ts';
import type { Offer } from '../ledger.ts';

/** Longer than any clock is off, so that nothing expires that should not. */
const TTL_SECONDS = 86_400;

/** Where the Internet app is. */
export const APP_ADDRESS = 'app.example';
/** The Internet app as the ledger knows it. */
export const APP = `the app at ${APP_ADDRESS}`;

/** Every so many parcels, one is larger: it comes in several pieces. */
const LARGE_EVERY = 8;
const LARGE_OCTETS = 96 * 1024;
const SMALL_OCTETS = 200;

export interface LoadParcel {
  readonly octets: Uint8Array;
  readonly offer: Offer;
}

let made = 0;

/** A phone that is registered, with an app that others may write to, and that writes to an Internet app. */
export class LoadPhone {
  readonly name: string;
  readonly peer: Peer;
  /** The gateway's, for this phone. */
  readonly gatewayKey: SessionKey;
  readonly #app: Peer;
  readonly #writer: Peer;

  private constructor(
    name: string,
    { phone, sessionKey }: Pick<RegisteredPhone, 'phone' | 'sessionKey'>,
    apps: { readonly app: Peer; readonly writer: Peer },
  ) {
    this.name = name;
    this.peer = phone;
    this.gatewayKey = sessionKey;
    this.#app = apps.app;
    this.#writer = apps.writer;
  }

  /** @param port - of PoWeb */
  static async register(port: number, name: string): Promise<LoadPhone> {
    const registered = await registerPhone(port, name);
    const { phone } = registered;
    const validity = validAround(new Date());
    const app = await endpoint(`app on ${name}`, phone, validity);
    const writer = await authorisedSender('writer', app, validity);
    return new LoadPhone(name, registered, { app, writer });
  }

  get nodeId(): NodeId {
    return this.peer.nodeId;
  }

  /** From who may write to its app, to its app. */
  async parcelToIt(road: string): Promise<LoadParcel> {
    const recipient = this.#app.nodeId;
    const key = (parcelId: string) =>
      gatewayBoundKey({
        privateGateway: this.nodeId,
        recipient,
        sender: this.#writer.nodeId,
        parcelId,
      });
    return make(this.#writer, { road, recipient: { id: recipient }, to: this.nodeId, key });
  }

  /** From its app, to the Internet app. */
  async parcelToInternet(road: string): Promise<LoadParcel> {
    const recipientId = identity('Internet app').nodeId;
    const recipient = { id: recipientId, internetAddress: APP_ADDRESS };
    const sender = this.#app.nodeId;
    const key = (parcelId: string) =>
      internetBoundKey({ sender, recipientAddress: APP_ADDRESS, recipientId, parcelId });
    return make(this.#app, { road, recipient, to: APP, key });
  }
}

async function make(
  sender: Peer,
  fields: {
    readonly road: string;
    readonly recipient: { readonly id: string; readonly internetAddress?: string };
    readonly to: string;
    readonly key: (parcelId: string) => string;
  },
): Promise<LoadParcel> {
  const id = randomUUID();
  const createdAt = new Date();
  made += 1;
  const payload = Buffer.alloc(made % LARGE_EVERY === 0 ? LARGE_OCTETS : SMALL_OCTETS, id);
  const message = { recipient: fields.recipient, id, createdAt, ttlSeconds: TTL_SECONDS, payload };
  return {
    octets: await messageFrom(sender, message),
    offer: {
      id,
      road: fields.road,
      recipient: fields.to,
      expiresAt: new Date(createdAt.getTime() + TTL_SECONDS * 1_000),
      storedAs: [fields.key(id)],
    },
  };
}
