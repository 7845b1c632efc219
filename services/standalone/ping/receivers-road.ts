import type { Clock } from '#clock/clock.ts';
import { ReachError } from '../reach/reach-error.ts';
import { makeNodeKey } from './phone.ts';
import type { RegisteredPhone } from './phones-road.ts';
import { Receiver, type ReceiverTarget } from './receiver.ts';
import type { Steps } from './steps.ts';

interface ReceiversRoad {
  readonly target: ReceiverTarget;
  readonly registered: RegisteredPhone;
  readonly payload: Uint8Array;
  readonly clock: Clock;
}

/**
 * Sends a parcel from an app of the phone to an Internet app, which the ping plays: the gateway must
 * find it in the DNS, or be told where it is, and post the parcel to it.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function takeReceiversRoad(
  steps: Steps,
  { target, registered, payload, clock }: ReceiversRoad,
): Promise<void> {
  const { client, phone } = registered;
  const { internetAddress, at } = target;
  await using receiver = await steps.run(
    'receiver listens',
    () => Receiver.listen(target),
    () => `${internetAddress} at ${at.origin}`,
  );
  const { nodeId: id } = await makeNodeKey();
  const recipient = { id, internetAddress };
  const parcel = await phone.makeParcelFor(recipient, { payload, now: clock.now() });
  await steps.run(
    'parcel for the Internet',
    (signal) => client.deliver(parcel, phone, signal),
    () => `${parcel.length} octets`,
  );
  await steps.run('posted to the receiver', async (signal) => {
    try {
      await receiver.expect(parcel, signal);
    } catch (cause) {
      throw notPosted(internetAddress, cause);
    }
  });
}

function notPosted(internetAddress: string, cause: unknown): ReachError {
  return new ReachError('timed-out', `the gateway did not post the parcel to ${internetAddress}`, {
    cause,
    remedy:
      `The gateway’s log says why, in lines of deliveries. It must find ${internetAddress} by an SRV record ` +
      `_awala-pdc._tcp.${internetAddress} that DNSSEC proves, or by DELIVERY_OVERRIDES, and trust its certificate.`,
  });
}
