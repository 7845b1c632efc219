import { PowebClient } from '#services/standalone/ping/poweb-client.ts';
import { CargoSide } from './clients/cargo-side.ts';
import { comeAndGo, stayConnected } from './clients/collecting.ts';
import { type CourierTrip, keepTravelling, travel } from './clients/courier-load.ts';
import { InternetApp } from './clients/internet-app.ts';
import { Load } from './clients/load.ts';
import { LoadPhone } from './clients/load-phone.ts';
import { byPohttp, byPoweb, deliver } from './clients/posting.ts';
import { keepRegistering } from './clients/registering.ts';
import { FaultyGateway } from './gateway/faulty-gateway.ts';
import { Starvation } from './starvation.ts';

/** All the ways of a parcel that there are between the clients, as the ledger calls them. */
export const ROAD = {
  phoneToPhone: 'phone → phone',
  phoneToApp: 'phone → Internet app',
  appToPhone: 'Internet app → phone',
  courierToPhone: 'courier → phone',
  courierToApp: 'courier → Internet app',
  phoneToCourier: 'phone → courier',
} as const;

/** Those on which a parcel waits for a worker’s turn, behind what gathered before it. */
export const QUEUED_ROADS: readonly string[] = [
  ROAD.phoneToApp,
  ROAD.courierToPhone,
  ROAD.courierToApp,
];

/** Lost jobs are found again soon. */
const SWEEP_INTERVAL = '2s';
const START_PATIENCE_MS = 60_000;

/** A gateway of five processes and everybody who talks to it. */
export interface World extends AsyncDisposable {
  readonly gateway: FaultyGateway;
  readonly load: Load;
  readonly starvation: Starvation;
  /** Lets the courier fetch what is left for the phone without Internet, bringing nothing new. */
  readonly fetchCargo: () => Promise<unknown>;
}

export async function openWorld(): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const app = opened.use(await InternetApp.start());
  const gateway = opened.use(
    await FaultyGateway.start({
      SWEEP_INTERVAL,
      COLLECTION_DRAIN: '300ms',
      COLLECTION_LINGER: '4s',
      ...app.environment,
    }),
  );
  const starvation = opened.use(new Starvation(() => gateway.pids));
  const load = opened.use(new Load((name) => gateway.port(name), starvation));
  app.onParcel = (id, to) => load.ledger.handOver(id, to, { by: 'Internet delivery' });
  const trip = await startClients(load, gateway.port('poweb'));
  const closing = opened.move();
  return {
    gateway,
    load,
    starvation,
    fetchCargo: () => travel(load, trip, []),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

interface Phones {
  readonly one: LoadPhone;
  readonly two: LoadPhone;
  /** Does not stay connected. */
  readonly visitor: LoadPhone;
  /** Has no Internet. */
  readonly remote: LoadPhone;
}

async function startClients(load: Load, poweb: number): Promise<CourierTrip> {
  const phones: Phones = {
    one: await LoadPhone.register(poweb, 'phone one'),
    two: await LoadPhone.register(poweb, 'phone two'),
    visitor: await LoadPhone.register(poweb, 'visitor'),
    remote: await LoadPhone.register(poweb, 'remote phone'),
  };
  const trip = await courierTrip(phones, poweb);
  stayConnected(load, phones.one);
  stayConnected(load, phones.two);
  comeAndGo(load, phones.visitor);
  keepRegistering(load);
  keepPosting(load, phones);
  keepTravelling(load, trip);
  return trip;
}

async function courierTrip({ remote, two }: Phones, poweb: number): Promise<CourierTrip> {
  const client = new PowebClient(new URL(`http://127.0.0.1:${poweb}`));
  const parameters = await client.connectionParameters(AbortSignal.timeout(START_PATIENCE_MS));
  let made = 0;
  return {
    phone: remote,
    side: new CargoSide(remote, parameters),
    acknowledgements: new Map(),
    make: () =>
      made++ % 2 === 0
        ? two.parcelToIt(ROAD.courierToPhone)
        : remote.parcelToInternet(ROAD.courierToApp),
  };
}

function keepPosting(load: Load, { one, two, visitor, remote }: Phones): void {
  const bring = async (from: LoadPhone, to: LoadPhone, road: string = ROAD.phoneToPhone) => {
    const parcel = await to.parcelToIt(road);
    return deliver(load, 'deliver to phones', parcel, await byPoweb(load, from, parcel));
  };
  load.repeatSending(() => bring(one, two));
  load.repeatSending(() => bring(two, one));
  load.repeatSending(() => bring(one, visitor));
  load.repeatSending(() => bring(two, remote, ROAD.phoneToCourier));
  load.repeatSending(async () => {
    const parcel = await one.parcelToInternet(ROAD.phoneToApp);
    return deliver(load, 'deliver to the Internet', parcel, await byPoweb(load, one, parcel));
  });
  load.repeatSending(async () => {
    const parcel = await two.parcelToIt(ROAD.appToPhone);
    return deliver(load, 'deliver from the Internet', parcel, byPohttp(load, parcel));
  });
}
