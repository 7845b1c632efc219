import { nodeIdOfKey } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Acquaintance } from './cargo-phone.ts';
import { makeNodeKey, Phone } from './phone.ts';
import { UnexpectedAnswerError } from './pinned-http.ts';
import { PowebClient } from './poweb-client.ts';
import type { Road } from './road.ts';
import type { Steps } from './steps.ts';

interface PhonesRoad {
  readonly road: Road;
  readonly payload: Uint8Array;
  readonly clock: Clock;
  /** The Internet address under which the gateway was found; null if it was not. */
  readonly address: string | null;
}

/** A phone that registered, and its connection to the gateway. */
export interface RegisteredPhone extends AsyncDisposable {
  readonly acquaintance: Acquaintance;
  readonly phone: Phone;
  readonly client: PowebClient;
}

/**
 * Registers a throw-away phone.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function registerPhone(
  steps: Steps,
  { road, address }: PhonesRoad,
): Promise<RegisteredPhone> {
  await using opened = new AsyncDisposableStack();
  const client = opened.use(new PowebClient(road.origin, road));
  await steps.run('answer to the phone’s probe', (signal) => client.probe(signal));
  const gateway = await steps.run(
    'connection parameters',
    async (signal) => {
      const parameters = await client.connectionParameters(signal);
      checkAddress(parameters.internetAddress, address);
      return parameters;
    },
    ({ internetAddress, identityKey }) => `${internetAddress}, node ${nodeIdOfKey(identityKey)}`,
  );
  const key = await steps.run('keys for a throw-away phone', () => makeNodeKey());
  const registration = await steps.run(
    'registration',
    (signal) => client.register(key, signal),
    ({ peerCertificate }) => `until ${peerCertificate.notAfter.toISOString().slice(0, 10)}`,
  );
  const phone = await steps.run('keys for two apps on it', () => Phone.withApps(key, registration));
  const closing = opened.move();
  return {
    acquaintance: { key, registration, gateway },
    phone,
    client,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/**
 * Sends a parcel from one app of the phone to the other, over PoWeb.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function takePhonesRoad(
  steps: Steps,
  { client, phone }: RegisteredPhone,
  { payload, clock }: PhonesRoad,
): Promise<void> {
  const parcel = await phone.makeParcel({ payload, now: clock.now() });
  await steps.run(
    'parcel delivered',
    (signal) => client.deliver(parcel.octets, phone, signal),
    () => `${parcel.octets.length} octets, id ${parcel.id}`,
  );
  await steps.run('parcel collected', (signal) => client.collect(parcel.octets, phone, signal));
}

/** Phones address their messages to the gateway by the address that they were given. */
function checkAddress(itsOwn: string, address: string | null): void {
  if (address !== null && itsOwn !== address) {
    const message = `the gateway there is ${itsOwn}, not ${address}: set its INTERNET_ADDRESS, or let the DNS lead elsewhere`;
    throw new UnexpectedAnswerError(message);
  }
}
