import { randomBytes } from 'node:crypto';
import { nodeIdOfKey } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { CourierTarget } from './courier-client.ts';
import { takeCouriersRoad } from './couriers-road.ts';
import { makeNodeKey, Phone } from './phone.ts';
import { PowebClient } from './poweb-client.ts';
import { Steps } from './steps.ts';

const PAYLOAD_OCTETS = 1024;

/** Where a gateway is. */
export interface PingTarget {
  /** Base URL of PoWeb. */
  readonly base: URL;
  /** Null to skip couriers. */
  readonly couriers: CourierTarget | null;
}

/**
 * The operator's smoke test: registers a throw-away phone with a running gateway, sends a parcel
 * from one of its apps to another and collects it; then sends another by courier.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function ping(
  { base, couriers }: PingTarget,
  { print, clock }: { readonly print: (line: string) => void; readonly clock: Clock },
): Promise<void> {
  const client = new PowebClient(base);
  const steps = new Steps(print);
  print(`Pinging the gateway at ${base.origin}`);
  const gateway = await steps.run(
    'connection parameters',
    (signal) => client.connectionParameters(signal),
    ({ internetAddress, identityKey }) => `${internetAddress}, node ${nodeIdOfKey(identityKey)}`,
  );
  const key = await steps.run('keys for a throw-away phone', () => makeNodeKey());
  const registration = await steps.run(
    'registration',
    (signal) => client.register(key, signal),
    ({ peerCertificate }) => `until ${peerCertificate.notAfter.toISOString().slice(0, 10)}`,
  );
  const phone = await steps.run('keys for two apps on it', () => Phone.withApps(key, registration));
  const parcel = await phone.makeParcel(randomBytes(PAYLOAD_OCTETS), clock.now());
  await steps.run(
    'parcel delivered',
    (signal) => client.deliver(parcel.octets, phone, signal),
    () => `${parcel.octets.length} octets, id ${parcel.id}`,
  );
  await steps.run('parcel collected', (signal) => client.collect(parcel.octets, phone, signal));
  if (couriers) {
    const acquaintance = { key, registration, gateway };
    const payload = randomBytes(PAYLOAD_OCTETS);
    await takeCouriersRoad(steps, { target: couriers, acquaintance, phone, payload, clock });
  }
  print(`The gateway relays parcels (${steps.totalMs} ms in all).`);
}
