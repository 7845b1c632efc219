import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { serialisePca } from '#awala/cargo/pca.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { cargoKey } from '#gateway/held/object-keys.ts';
import type { AndroidPhone } from '#test/peers/android-phone.ts';
import { type CallEnd, Courier } from '#test/peers/courier.ts';
import { type Answer, PATIENCE_MS, type Service } from '../answers.ts';
import type { HandOver } from '../repeats.ts';
import type { Load } from './load.ts';
import { type LoadParcel, TTL_SECONDS } from './load-parcels.ts';

const PARCELS_IN_CARGO = 4;

const verifier = new MessageVerifier();

/** What grpc-js says at the client’s own deadline. */
const OWN_DEADLINE = /^Deadline exceeded/;

interface Acknowledgement {
  readonly octets: Uint8Array;
  readonly handOvers: readonly HandOver[];
}

export interface CourierTrip {
  readonly phone: AndroidPhone;
  /** Parcels for the next cargo. */
  readonly make: () => Promise<LoadParcel>;
  /** Acknowledgements (PCAs) for the next cargo, by parcel id. */
  readonly acknowledgements: Map<string, Acknowledgement>;
}

/** A courier that travels between the gateway and a phone without the Internet. */
export function keepTravelling(load: Load, trip: CourierTrip): void {
  load.repeatSending(async () => {
    const parcels = await Promise.all(Array.from({ length: PARCELS_IN_CARGO }, trip.make));
    return travel(load, trip, parcels);
  });
}

/** Delivers a cargo with parcels and pending PCAs, then collects what is held for the phone. */
export async function travel(
  load: Load,
  trip: CourierTrip,
  parcels: readonly LoadParcel[],
): Promise<boolean> {
  const { acknowledgements } = trip;
  const sent = new Map(acknowledgements);
  const pcas = [...sent.values()].map(({ octets }) => octets);
  const isDelivered = await bringCargo(load, trip.phone, parcels, pcas);
  if (isDelivered) {
    const acknowledgedAtMs = performance.now();
    for (const [id, { handOvers }] of sent) {
      acknowledgements.delete(id);
      for (const handOver of handOvers) {
        handOver.acknowledgedAtMs = acknowledgedAtMs;
      }
    }
  }
  return isDelivered && (await fetchCargo(load, trip));
}

async function fetchCargo(load: Load, { phone, acknowledgements }: CourierTrip): Promise<boolean> {
  const cca = await phone.cca();
  const askedAtMs = performance.now();
  return call(load, 'collect cargo', async (courier) => {
    const { cargoes, end } = await courier.collectAll(cca, { deadlineMs: PATIENCE_MS });
    const isMore = cargoes.length > 0 && end.code === status.DEADLINE_EXCEEDED;
    for (const parcel of cargoes.flatMap((cargo) => phone.processKept(cargo))) {
      const { id, sender, recipient } = verifier.read(parcel, 'parcel');
      const handOver = load.ledger.handOver(id, phone.peer.nodeId, { by: 'cargo', askedAtMs });
      const earlier = acknowledgements.get(id)?.handOvers ?? [];
      const ids = { senderId: sender.nodeId, recipientId: recipient.id, parcelId: id };
      acknowledgements.set(id, { octets: serialisePca(ids), handOvers: [...earlier, handOver] });
    }
    return isMore ? { code: status.OK, details: 'and there is more for another call' } : end;
  });
}

async function bringCargo(
  load: Load,
  phone: AndroidPhone,
  parcels: readonly LoadParcel[],
  acknowledgements: readonly Uint8Array[],
): Promise<boolean> {
  const octets = parcels.map((parcel) => parcel.octets);
  const fields = { id: randomUUID(), ttlSeconds: TTL_SECONDS };
  const cargo = await phone.cargo([...octets, ...acknowledgements], fields);
  const key = cargoKey({ sender: phone.peer.nodeId, cargoId: fields.id });
  for (const { offer } of parcels) {
    load.ledger.offer({ ...offer, storedAs: [...offer.storedAs, key] });
  }
  const isDelivered = await load.untilServed(async () => {
    forEach(parcels, (id) => load.ledger.attempt(id));
    const isServed = await deliver(load, cargo);
    forEach(parcels, (id) => load.ledger.attempted(id));
    return isServed;
  });
  if (isDelivered) {
    forEach(parcels, (id) => load.ledger.accept(id));
  }
  return isDelivered;
}

function forEach(parcels: readonly LoadParcel[], note: (id: string) => void): void {
  for (const { offer } of parcels) {
    note(offer.id);
  }
}

function deliver(load: Load, cargo: Uint8Array): Promise<boolean> {
  return call(load, 'deliver cargo', async (courier) => {
    const options = { deadlineMs: PATIENCE_MS };
    const { acknowledged, end } = await courier.deliverAll([cargo], options);
    // An acknowledgement counts, however the call ends.
    return acknowledged.length > 0 ? { code: status.OK, details: '' } : end;
  });
}

/** Over a connection of its own, as deployed couriers do. @returns whether it was served */
async function call(
  load: Load,
  service: Service,
  make: (courier: Courier) => Promise<CallEnd>,
): Promise<boolean> {
  const askedAtMs = performance.now();
  using courier = new Courier(load.port('cogrpc'));
  const { code, details } = await make(courier);
  const answer = answerOf(code, details);
  load.answers.record(service, askedAtMs, answer, `${status[code]}: ${details}`);
  return answer === 'served';
}

/** DEADLINE_EXCEEDED in the gateway’s own words means that there is more for another call. */
function answerOf(code: status, details: string): Answer {
  switch (code) {
    case status.OK:
      return 'served';
    case status.UNAVAILABLE:
      return /^(?:No connection established|Connection dropped|read ECONN|write E)/.test(details)
        ? 'cut'
        : 'later';
    case status.DEADLINE_EXCEEDED:
      return OWN_DEADLINE.test(details) ? 'silent' : 'later';
    case status.ABORTED:
      return 'later';
    case status.CANCELLED:
      return 'cut';
    case status.INTERNAL:
      return /RST_STREAM/.test(details) ? 'cut' : 'blamed';
    default:
      return 'blamed';
  }
}
