import { status } from '@grpc/grpc-js';
import { type CallEnd, Courier } from '#test/cogrpc/courier.ts';
import { type Answer, PATIENCE_MS, type Service } from '../answers.ts';
import type { HandOver } from '../repeats.ts';
import type { CargoSide, PackedCargo } from './cargo-side.ts';
import type { Load } from './load.ts';
import type { LoadParcel, LoadPhone } from './load-phone.ts';

const PARCELS_IN_CARGO = 4;

/** How grpc-js words it when the client’s own patience ends. */
const OWN_DEADLINE = /^Deadline exceeded/;

interface Acknowledgement {
  readonly octets: Uint8Array;
  readonly handOvers: readonly HandOver[];
}

export interface CourierTrip {
  readonly phone: LoadPhone;
  readonly side: CargoSide;
  /** Parcels for the next cargo. */
  readonly make: () => Promise<LoadParcel>;
  /** Of what the phone got, for the next cargo. */
  readonly acknowledgements: Map<string, Acknowledgement>;
}

/** A courier that goes back and forth between a phone without Internet and the gateway. */
export function keepTravelling(load: Load, trip: CourierTrip): void {
  load.repeatSending(async () => {
    const parcels = await Promise.all(Array.from({ length: PARCELS_IN_CARGO }, trip.make));
    return travel(load, trip, parcels);
  });
}

/** Brings a cargo, with acknowledgements of what came before, and fetches what there is. */
export async function travel(
  load: Load,
  trip: CourierTrip,
  parcels: readonly LoadParcel[],
): Promise<boolean> {
  const { acknowledgements } = trip;
  const sent = new Map(acknowledgements);
  const pcas = [...sent.values()].map(({ octets }) => octets);
  const isDelivered = await bringCargo(load, trip.side, parcels, pcas);
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

async function fetchCargo(
  load: Load,
  { phone, side, acknowledgements }: CourierTrip,
): Promise<boolean> {
  const cca = await side.authorisation();
  const askedAtMs = performance.now();
  return call(load, 'collect cargo', async (courier) => {
    const { cargoes, end } = await courier.collectAll(cca, { deadlineMs: PATIENCE_MS });
    const isMore = cargoes.length > 0 && end.code === status.DEADLINE_EXCEEDED;
    for (const { id, acknowledgement } of cargoes.flatMap((cargo) => side.open(cargo))) {
      const handOver = load.ledger.handOver(id, phone.nodeId, { by: 'cargo', askedAtMs });
      const earlier = acknowledgements.get(id)?.handOvers ?? [];
      acknowledgements.set(id, { octets: acknowledgement, handOvers: [...earlier, handOver] });
    }
    return isMore ? { code: status.OK, details: 'and there is more for another call' } : end;
  });
}

async function bringCargo(
  load: Load,
  side: CargoSide,
  parcels: readonly LoadParcel[],
  acknowledgements: readonly Uint8Array[],
): Promise<boolean> {
  const octets = parcels.map((parcel) => parcel.octets);
  const cargo = side.pack([...octets, ...acknowledgements]);
  for (const { offer } of parcels) {
    load.ledger.offer({ ...offer, storedAs: [...offer.storedAs, cargo.key] });
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

function deliver(load: Load, { octets }: PackedCargo): Promise<boolean> {
  return call(load, 'deliver cargo', async (courier) => {
    const stream = courier.deliver({ deadlineMs: PATIENCE_MS });
    let isAcknowledged = false;
    stream.onMessage = () => {
      isAcknowledged = true;
      stream.call.end();
    };
    stream.send({ id: 'cargo', cargo: Buffer.from(octets) });
    const end = await stream.ended;
    // What is acknowledged is, however the call ends.
    return isAcknowledged ? { code: status.OK, details: '' } : end;
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
