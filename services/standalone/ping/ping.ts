import { randomBytes } from 'node:crypto';
import { nodeIdOfKey } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { makeNodeKey, Phone } from './phone.ts';
import { PowebClient } from './poweb-client.ts';
import { Steps } from './steps.ts';

const PAYLOAD_OCTETS = 1024;

/**
 * Registers a throw-away phone with a running gateway, sends a parcel from one
 * of its apps to another, and collects it: the operator's smoke test.
 *
 * @param base - where the gateway serves PoWeb
 * @throws {StepFailedError} naming the step that failed
 */
export async function ping(
  base: URL,
  { print, clock }: { readonly print: (line: string) => void; readonly clock: Clock },
): Promise<void> {
  const client = new PowebClient(base);
  const steps = new Steps(print);
  print(`Pinging the gateway at ${base.origin}`);
  await steps.run(
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
  print(`The gateway relays parcels (${steps.totalMs} ms in all).`);
}
