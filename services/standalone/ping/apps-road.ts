import type { Clock } from '#clock/clock.ts';
import { MEDIA_TYPE } from '#services/poweb/media-types.ts';
import type { RegisteredPhone } from './phones-road.ts';
import { PinnedHttp } from './pinned-http.ts';
import type { Road } from './road.ts';
import type { Steps } from './steps.ts';

interface AppsRoad {
  readonly road: Road;
  readonly registered: RegisteredPhone;
  readonly payload: Uint8Array;
  readonly clock: Clock;
}

/**
 * Sends a parcel to an app of the phone over PoHTTP, as an Internet app does (RS-007), and collects
 * it.
 *
 * @throws {StepFailedError} naming the failed step
 */
export async function takeAppsRoad(
  steps: Steps,
  { road, registered, payload, clock }: AppsRoad,
): Promise<void> {
  const { acquaintance, phone, client } = registered;
  const { internetAddress } = acquaintance.gateway;
  await using http = new PinnedHttp(road.origin, road);
  const parcel = await phone.makeParcel({ payload, now: clock.now(), internetAddress });
  await steps.run(
    'parcel posted by an app',
    (signal) =>
      http.ask('/', {
        method: 'POST',
        headers: { 'content-type': MEDIA_TYPE.parcel },
        body: parcel.octets,
        status: 202,
        signal,
      }),
    () => `${parcel.octets.length} octets`,
  );
  await steps.run('parcel collected', (signal) => client.collect(parcel.octets, phone, signal));
}
