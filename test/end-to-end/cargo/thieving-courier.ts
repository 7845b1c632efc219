import assert from 'node:assert/strict';
import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parsePca } from '#awala/cargo/pca.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { messageFrom, type Peer } from '#test/builders/peers.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Phone } from '#test/peers/phone.ts';
import type { CourieredGateway } from './couriered-gateway.ts';

/** A phone that registered with a running gateway, and an app on it. */
export interface CourieredPhone {
  readonly cargoes: CargoPhone;
  readonly peer: Peer;
  readonly app: Peer;
}

export async function registerCouriered(
  { gateway }: CourieredGateway,
  name: string,
): Promise<CourieredPhone> {
  const now = gateway.clock.now();
  const registered = await Phone.register(gateway.poweb, name, now);
  const cargoes = await CargoPhone.of(registered, gateway.clock);
  return { cargoes, peer: registered.phone, app: registered.recipient };
}

/** A parcel of a phone's app for an app on the Internet. */
export function parcelOf({ app }: CourieredPhone, now: Date): Promise<Uint8Array> {
  const recipient = { id: app.nodeId, internetAddress: 'app.example' };
  return messageFrom(app, { recipient, createdAt: now });
}

/** What a courier's own phone signs, around a payload that the courier found in another's message. */
export async function signedByThief(
  { gateway }: CourieredGateway,
  thief: Peer,
  stolen: Uint8Array,
  type: 'cargo' | 'cca',
): Promise<Buffer> {
  const { payload } = new MessageVerifier().read(stolen, type);
  const recipient = { id: gateway.us.nodeId, internetAddress: 'gateway.example' };
  const createdAt = gateway.clock.now();
  return Buffer.from(await messageFrom(thief, { type, recipient, createdAt, payload }));
}

/** The ids of the parcels that a phone is told arrived, when its cargo is collected for it. */
export async function acknowledgedTo(
  { courier }: CourieredGateway,
  phone: CargoPhone,
): Promise<string[]> {
  const { cargoes, end } = await courier.collectAll(await phone.cca());
  assert.equal(end.code, 0, end.details);
  return cargoes
    .flatMap((cargo) => phone.open(cargo).messages)
    .filter((message) => typeOfCargoMessage(message) === 'pca')
    .map((message) => parsePca(message).parcelId);
}
