import { identity } from '#test/builders/peers.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Collector } from '#test/peers/collector.ts';
import { Courier } from '#test/peers/courier.ts';
import { Phone } from '#test/peers/phone.ts';
import type { ServiceProcess } from '#test/services/service-process.ts';
import { type Allowance, callRows } from '../cloud/allowance.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { CallCounter } from '../cloud/call-counter.ts';
import { completeIndex } from '../cloud/complete-index.ts';
import { deliverAll } from '../cloud/deliver-all.ts';
import { collectAll } from '../collector.ts';
import { type Delivery, makeDeliveries } from '../deliveries.ts';
import type { Row } from '../rows/row.ts';

const PARCELS = 200;
const PARCEL_OCTETS = 1_024;
const REGISTRATIONS = 10;
/** More than one page of a listing. */
const BACKLOG = 1_200;
/** Collected one after the other by a phone that stays connected. */
const ARRIVALS = 50;
const CONNECTIONS = 20;
const CARGOES = 5;
/** Too much for a single cargo. */
const MAILBOX = { parcels: 8, octets: 300_000 };

/** The job is added, an expired one seen that would be in the way, and the workers are woken. */
const ENQUEUED = { 'redis evalsha': 1, 'redis hgetall': 1, 'redis publish': 1 };
/**
 * A listing of waiting cargo, whose acknowledgements are heeded. What is held is read from the index: by
 * the pass for small parcels, which finds the size classes that there are, and by one for each of these: here, a single one.
 */
const COURIER_LOOKS = { 'gcs list of cargo': 1, 'redis evalsha': 2 };
/** The CCA is leased and used up, with its session keys; the data key for these may have to be unwrapped. */
const AUTHORISED_COLLECTION = {
  'firestore read': 8,
  'firestore write': 6,
  'firestore RunQuery': 1,
  'kms Encrypt': 1,
  'kms Decrypt': 1,
};

/** Parcels that are told to the tallies: when a 500th of a quota is used. */
const TALLIED = 1 / 20;

/** Until the tallies were told something, whose script Redis has to be given once. */
const WARM_UP = 25;

const SUBSCRIBED = { 'redis subscribe': 1, 'redis unsubscribe': 1 };

/** What is done at a time, of the services that it takes. */
interface Scene {
  readonly cloud: BenchCloud;
  readonly counter: CallCounter;
  readonly poweb: ServiceProcess;
  readonly phone: Phone;
}

/** What each operation of the services asks of Cloud Storage, Firestore, Cloud KMS and Redis. */
export async function run(): Promise<readonly Row[]> {
  await using cloud = await BenchCloud.start();
  await using counter = await CallCounter.start();
  await completeIndex(cloud.environment);
  const poweb = await cloud.service('poweb', counter.environment);
  const phone = await Phone.register(poweb.port);
  const scene = { cloud, counter, poweb, phone };
  return [
    ...(await accept(scene, 'phone', {
      work: 'accept a parcel for a phone',
      pieces: PARCELS,
      // Announced to the index before it is stored, signalled after.
      most: { 'gcs write': 1, 'redis evalsha': 1 + TALLIED, 'redis publish': 1 },
    })),
    ...(await accept(scene, 'Internet', {
      work: 'accept a parcel for the Internet',
      pieces: PARCELS,
      most: {
        'gcs write': 1,
        'firestore read': 1,
        'firestore write': 1,
        ...ENQUEUED,
        'redis evalsha': 1 + TALLIED,
      },
    })),
    ...(await register(scene)),
    ...(await collect(scene)),
    ...(await useCourier(scene)),
  ];
}

async function accept(
  { counter, poweb, phone }: Scene,
  to: 'phone' | 'Internet',
  allowance: Allowance,
): Promise<readonly Row[]> {
  const all = await makeDeliveries(phone, WARM_UP + PARCELS, PARCEL_OCTETS, to);
  await deliverAll(poweb.port, all.slice(0, WARM_UP));
  const deliveries = all.slice(WARM_UP);
  return callRows(allowance, await counter.during(() => deliverAll(poweb.port, deliveries)));
}

async function register({ counter, poweb }: Scene): Promise<readonly Row[]> {
  const newcomers = Array.from({ length: REGISTRATIONS }, (_, index) => `newcomer ${index}`);
  newcomers.forEach(identity);
  const calls = await counter.during(async () => {
    for (const name of newcomers) {
      await Phone.register(poweb.port, name);
    }
  });
  return callRows(
    {
      work: 'register a phone',
      pieces: REGISTRATIONS,
      // Whether it was established before.
      most: { 'kms AsymmetricSign': 2, 'firestore read': 1 },
    },
    calls,
  );
}

async function collect({ cloud, counter, poweb }: Scene): Promise<readonly Row[]> {
  const phone = await Phone.register(poweb.port, 'phone with a backlog');
  await using collection = await cloud.service('collection', counter.environment);
  await collectAll(collection.port, phone.phone);
  using collector = await Collector.open(collection.port, [phone.phone]);
  const [first, ...arrivals] = await makeDeliveries(phone, ARRIVALS + 1, PARCEL_OCTETS);
  await exchange(collector, poweb, first ? [first] : []);
  const connecting = await counter.during(async () => {
    for (let index = 0; index < CONNECTIONS; index++) {
      await collectAll(collection.port, phone.phone);
    }
  });
  const staying = await counter.during(() => exchange(collector, poweb, arrivals));
  collector[Symbol.dispose]();
  await deliverAll(poweb.port, await makeDeliveries(phone, BACKLOG, PARCEL_OCTETS));
  let collected = 0;
  const calls = await counter.during(async () => {
    collected = (await collectAll(collection.port, phone.phone)).parcels;
  });
  if (collected !== BACKLOG) {
    throw new Error(`collected ${collected} of ${BACKLOG}`);
  }
  return [
    ...callRows(
      {
        work: 'connect with nothing held, and leave',
        pieces: CONNECTIONS,
        most: { 'redis evalsha': 1, ...SUBSCRIBED },
      },
      connecting,
    ),
    ...callRows(
      {
        // Announced, signalled with its body, and forgotten; never read.
        work: 'accept a small parcel for a connected phone, which collects it',
        pieces: ARRIVALS,
        most: {
          'gcs write': 1,
          'gcs delete': 1,
          'redis evalsha': 2 + TALLIED,
          'redis publish': 1,
        },
      },
      staying,
    ),
    ...callRows(
      {
        work: `collect ${BACKLOG} parcels in one connection`,
        pieces: BACKLOG,
        most: { 'gcs read': 1, 'gcs delete': 1 },
        mostInAll: { 'redis evalsha': 1, ...SUBSCRIBED },
      },
      calls,
    ),
  ];
}

/** Stores parcels for a phone that is connected, which acknowledges each. */
async function exchange(
  collector: Collector,
  poweb: ServiceProcess,
  deliveries: readonly Delivery[],
): Promise<void> {
  const collecting = async () => {
    for (const _ of deliveries) {
      collector.acknowledge(await collector.next());
    }
  };
  await Promise.all([collecting(), deliverAll(poweb.port, deliveries)]);
}

async function useCourier({ cloud, counter, poweb }: Scene): Promise<readonly Row[]> {
  const phone = await Phone.register(poweb.port, 'phone that couriers visit');
  const cogrpc = await cloud.service('cogrpc', counter.environment);
  using courier = new Courier(cogrpc.port);
  const side = await CargoPhone.of(phone);
  await courier.deliverAll([await side.cargo()]);
  await courier.collectAll(await side.cca());
  const cargoes = await Promise.all(Array.from({ length: CARGOES }, () => side.cargo()));
  const delivering = await counter.during(() => courier.deliverAll(cargoes));
  const { parcels, octets } = MAILBOX;
  await deliverAll(poweb.port, await makeDeliveries(phone, parcels, octets));
  let collected = 0;
  const collecting = await counter.during(async () => {
    collected = (await courier.collectAll(await side.cca())).cargoes.length;
  });
  return [
    ...callRows(
      {
        work: 'take a cargo from a courier',
        pieces: CARGOES,
        // Whether it came before is asked of the tallies, and most are told to them.
        most: { 'gcs write': 1, ...ENQUEUED, 'redis evalsha': 3 },
      },
      delivering,
    ),
    ...callRows(
      {
        work: `give ${parcels} parcels of ${octets} octets to a courier, in cargoes`,
        pieces: collected,
        most: { 'kms AsymmetricSign': 1 },
        mostInAll: { 'gcs read': parcels, ...COURIER_LOOKS, ...AUTHORISED_COLLECTION },
      },
      collecting,
    ),
  ];
}
