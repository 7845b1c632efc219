/** The ping service (RS-014) on the deployed JavaScript library's classes. */
import { randomUUID } from 'node:crypto';
import {
  CertificationPath,
  PrivateEndpointConnParams,
  ServiceMessage,
} from '@relaycorp/relaynet-core';
import type { AppContact, JsApp, ReadParcel } from './app.ts';
import { arrayBuffer } from './values.ts';

const PING = 'application/vnd.awala.ping-v1.ping';
const PONG = 'application/vnd.awala.ping-v1.pong';

interface PingFields {
  readonly id: string;
  /** In base64. */
  readonly pda_path: string;
  readonly endpoint_internet_address: string;
}

/** Makes a ping from one app to another. @returns the parcel and the ping's id */
export async function makePing(
  from: JsApp,
  to: AppContact,
): Promise<{ readonly id: string; readonly message: ServiceMessage }> {
  const authorization = await from.authorise(to.identityKey);
  const fields: PingFields = {
    id: randomUUID(),
    pda_path: Buffer.from(authorization.serialize()).toString('base64'),
    endpoint_internet_address: from.internetAddress,
  };
  return { id: fields.id, message: new ServiceMessage(PING, Buffer.from(JSON.stringify(fields))) };
}

interface ReadPing {
  readonly pong: ServiceMessage;
  /** Whom to send the pong to. */
  readonly contact: AppContact;
}

/** @throws {TypeError} if it is no ping */
export function readPing({ message, senderIdentityKey, senderSessionKey }: ReadParcel): ReadPing {
  if (message.type !== PING) {
    throw new TypeError(`not a ping but ${message.type}`);
  }
  const fields: PingFields = JSON.parse(message.content.toString());
  return {
    pong: new ServiceMessage(PONG, Buffer.from(fields.id)),
    contact: new PrivateEndpointConnParams(
      senderIdentityKey,
      fields.endpoint_internet_address,
      CertificationPath.deserialize(arrayBuffer(Buffer.from(fields.pda_path, 'base64'))),
      senderSessionKey,
    ),
  };
}

/** @returns the id of the ping that it answers. @throws {TypeError} if it is no pong */
export function readPong({ message }: ReadParcel): string {
  if (message.type !== PONG) {
    throw new TypeError(`not a pong but ${message.type}`);
  }
  return message.content.toString();
}
