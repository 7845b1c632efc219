import { AndroidPhone } from '#test/peers/android-phone.ts';
import { InternetApp } from '#test/peers/internet-app.ts';
import { Phone } from '#test/peers/phone.ts';
import { recordArrivals } from './clients/arrivals.ts';
import { comeAndGo, stayConnected } from './clients/collecting.ts';
import { type CourierTrip, keepTravelling, travel } from './clients/courier-load.ts';
import { Load } from './clients/load.ts';
import { parcelFrom, parcelTo } from './clients/load-parcels.ts';
import { byPohttp, byPoweb, deliver } from './clients/posting.ts';
import { keepRegistering } from './clients/registering.ts';
import type { FaultyGateway } from './gateway/faulty-gateway.ts';
import type { TestedGateway } from './gateway/tested-gateway.ts';
import { Starvation } from './starvation.ts';

/** The ways of parcels between clients, as the ledger names them. */
export const ROAD = {
  phoneToPhone: 'phone → phone',
  phoneToApp: 'phone → Internet app',
  appToPhone: 'Internet app → phone',
  courierToPhone: 'courier → phone',
  courierToApp: 'courier → Internet app',
  phoneToCourier: 'phone → courier',
} as const;

/** Ways on which a parcel waits in a queue for a worker. */
export const QUEUED_ROADS: readonly string[] = [
  ROAD.phoneToApp,
  ROAD.courierToPhone,
  ROAD.courierToApp,
];

/** Short, so that lost jobs are soon queued again. */
const SWEEP_INTERVAL = '2s';
/** Short, so that the index is complete again before the next case. */
const CENSUS_INTERVAL = '5s';

/** A case that has begun. */
export interface BegunCase {
  readonly name: string;
  readonly atMs: number;
  /** Parcels that may be handed over again by the gateway's doing; any number until the case has ended. */
  mostOurs: number;
}

/** A gateway and all its clients; the gateway has five processes unless said otherwise. */
export interface World<Gateway extends TestedGateway = FaultyGateway> extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly app: InternetApp;
  readonly load: Load;
  readonly starvation: Starvation;
  /** Lets the courier collect the rest for the phone without the Internet, delivering no new parcels. */
  readonly fetchCargo: () => Promise<unknown>;
  /** The cases so far, in their order. */
  readonly cases: BegunCase[];
  /** Ids that earlier cases left in the store; later ones do not wait for them. */
  leftBehind: ReadonlySet<string>;
}

/** @param start - starts a gateway with these variables */
export async function openWorld<Gateway extends TestedGateway>(
  start: (environment: Readonly<Record<string, string>>) => Promise<Gateway>,
): Promise<World<Gateway>> {
  await using opened = new AsyncDisposableStack();
  const app = opened.use(await InternetApp.start());
  const gateway = opened.use(
    await start({
      SWEEP_INTERVAL,
      CENSUS_INTERVAL,
      COLLECTION_DRAIN: '300ms',
      COLLECTION_LINGER: '4s',
      ...app.doh.environment,
    }),
  );
  const starvation = opened.use(new Starvation(() => gateway.pids));
  const load = opened.use(new Load((name) => gateway.port(name), starvation));
  recordArrivals(load, app);
  const trip = await startClients(load, gateway.port('poweb'));
  const closing = opened.move();
  return {
    gateway,
    app,
    load,
    starvation,
    fetchCargo: () => travel(load, trip, []),
    cases: [],
    leftBehind: new Set(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

interface Phones {
  readonly one: Phone;
  readonly two: Phone;
  /** Does not stay connected. */
  readonly visitor: Phone;
  /** Has no Internet. */
  readonly remote: Phone;
}

async function startClients(load: Load, poweb: number): Promise<CourierTrip> {
  const phones: Phones = {
    one: await Phone.register(poweb, 'phone one'),
    two: await Phone.register(poweb, 'phone two'),
    visitor: await Phone.register(poweb, 'visitor'),
    remote: await Phone.register(poweb, 'remote phone'),
  };
  const trip = courierTrip(phones);
  stayConnected(load, phones.one);
  stayConnected(load, phones.two);
  comeAndGo(load, phones.visitor);
  keepRegistering(load);
  keepPosting(load, phones);
  keepTravelling(load, trip);
  return trip;
}

function courierTrip({ remote, two }: Phones): CourierTrip {
  let made = 0;
  return {
    phone: AndroidPhone.of(remote),
    acknowledgements: new Map(),
    make: () =>
      made++ % 2 === 0 ? parcelTo(two, ROAD.courierToPhone) : parcelFrom(remote, ROAD.courierToApp),
  };
}

function keepPosting(load: Load, { one, two, visitor, remote }: Phones): void {
  const bring = async (from: Phone, to: Phone, road: string = ROAD.phoneToPhone) => {
    const parcel = await parcelTo(to, road);
    return deliver(load, 'deliver to phones', parcel, await byPoweb(load, from, parcel));
  };
  load.repeatSending(() => bring(one, two));
  load.repeatSending(() => bring(two, one));
  load.repeatSending(() => bring(one, visitor));
  load.repeatSending(() => bring(two, remote, ROAD.phoneToCourier));
  load.repeatSending(async () => {
    const parcel = await parcelFrom(one, ROAD.phoneToApp);
    return deliver(load, 'deliver to the Internet', parcel, await byPoweb(load, one, parcel));
  });
  load.repeatSending(async () => {
    const parcel = await parcelTo(two, ROAD.appToPhone);
    return deliver(load, 'deliver from the Internet', parcel, byPohttp(load, parcel));
  });
}
