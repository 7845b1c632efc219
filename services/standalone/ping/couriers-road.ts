import { setTimeout as pause } from 'node:timers/promises';
import { serialisePca } from '#awala/cargo/pca.ts';
import type { Clock } from '#clock/clock.ts';
import { type Acquaintance, CargoPhone } from './cargo-phone.ts';
import { CourierClient } from './courier-client.ts';
import type { Phone } from './phone.ts';
import type { Road } from './road.ts';
import type { Steps } from './steps.ts';

/** The workers take a moment from accepting a cargo to storing its contents. */
const COLLECTION_PAUSE_MS = 100;

interface CouriersRoad {
  readonly road: Road;
  readonly acquaintance: Acquaintance;
  readonly phone: Phone;
  readonly payload: Uint8Array;
  readonly clock: Clock;
}

/**
 * Sends a parcel from one app of the phone to the other by courier: in cargo to the gateway, and in
 * cargo back. Then acknowledges it, so that the gateway deletes it.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function takeCouriersRoad(
  steps: Steps,
  { road, acquaintance, phone, payload, clock }: CouriersRoad,
): Promise<void> {
  using courier = new CourierClient(road);
  const cargoPhone = await CargoPhone.of(acquaintance, clock.now());
  const parcel = await phone.makeParcel({ payload, now: clock.now() });
  const cargo = await cargoPhone.pack([parcel.octets], clock.now());
  await steps.run(
    'cargo delivered by courier',
    (signal) => courier.deliver(cargo, signal),
    () => `${cargo.length} octets`,
  );
  await steps.run(
    'parcel collected by courier',
    (signal) => collect({ courier, cargoPhone, clock }, parcel.octets, signal),
    (cargoes) => `in ${cargoes === 1 ? '1 cargo' : `${cargoes} cargoes`}`,
  );
  const acknowledgement = serialisePca({ ...parcel, parcelId: parcel.id });
  const answer = await cargoPhone.pack([acknowledgement], clock.now());
  await steps.run('acknowledged by courier', (signal) => courier.deliver(answer, signal));
}

interface Collecting {
  readonly courier: CourierClient;
  readonly cargoPhone: CargoPhone;
  readonly clock: Clock;
}

/**
 * Calls, each time with a new authorisation, until the parcel is in a cargo.
 *
 * @returns how many cargoes came with it
 */
async function collect(
  { courier, cargoPhone, clock }: Collecting,
  parcel: Uint8Array,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const cca = await cargoPhone.authoriseCollection(clock.now());
    const cargoes = await courier.collect(cca, signal);
    const messages = cargoes.flatMap((cargo) => cargoPhone.open(cargo, clock.now()));
    if (messages.some((message) => Buffer.compare(message, parcel) === 0)) {
      return cargoes.length;
    }
    await pause(COLLECTION_PAUSE_MS, undefined, { signal });
  }
}
