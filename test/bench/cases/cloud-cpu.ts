import { setTimeout as pause } from 'node:timers/promises';
import type { Peer } from '#test/builders/peers.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { InternetApp } from '#test/peers/internet-app.ts';
import { Phone } from '#test/peers/phone.ts';
import type { ServiceProcess } from '#test/services/service-process.ts';
import { MOST_CPU_MS } from '../../../scripts/monthly-cost/usage.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { completeIndex } from '../cloud/complete-index.ts';
import { deliverAll, postAll } from '../cloud/deliver-all.ts';
import { type Usage, usageDuring, usageRow } from '../cloud/service-usage.ts';
import { collectAll } from '../collector.ts';
import { makeDeliveries, makeParcel } from '../deliveries.ts';
import { MachinePace } from '../machine/pace.ts';
import type { Row } from '../rows/row.ts';

const PARCELS = 1_000;
/** Until V8 has compiled what a service does all day. */
const WARM_UP = 1_500;
/** How often a phone’s own roads are measured, as one turn differs from the next by a tenth. */
const TURNS = 3;
const PARCEL_OCTETS = 10 * 1_024;
const PARCELS_PER_CARGO = 25;
const CARGOES = PARCELS / PARCELS_PER_CARGO;
const CONNECTIONS = 400;
const CONNECTED_AT_ONCE = 20;
const VISITS = 40;
const PARCELS_PER_VISIT = 5;
const PATIENCE_MS = 120_000;
/** Milliseconds of CPU time that a service may take for a parcel, beside what the cost is made of. */
const MOST_MS = { poweb: 1.2, unpacked: 1.5 } as const;

/** CPU time of each service per parcel of 10 KiB and other work, on the cloud adapters, without TLS. */
export async function run(): Promise<readonly Row[]> {
  await using machine = await MachinePace.start();
  await using cloud = await BenchCloud.start();
  await completeIndex(cloud.environment);
  const poweb = await cloud.service('poweb');
  return [
    ...(await byPoweb(cloud, poweb, await machine.measure())),
    ...(await toTheInternet(cloud, poweb, await machine.measure())),
    ...(await fromTheInternet(cloud, poweb, await machine.measure())),
    ...(await byCourier(cloud, poweb, await machine.measure())),
    ...(await byVisits(cloud, poweb, await machine.measure())),
  ];
}

async function byPoweb(cloud: BenchCloud, poweb: ServiceProcess, pace: number): Promise<Row[]> {
  await using collection = await cloud.service('collection');
  const phone = await Phone.register(poweb.port);
  const services = { poweb, collection };
  await deliverAll(poweb.port, await makeDeliveries(phone, WARM_UP, PARCEL_OCTETS));
  await collectAll(collection.port, phone.phone);
  const accepting: Usage[] = [];
  const collecting: Usage[] = [];
  while (accepting.length < TURNS) {
    const deliveries = await makeDeliveries(phone, PARCELS, PARCEL_OCTETS);
    const given = await usageDuring(services, () => deliverAll(poweb.port, deliveries));
    const taken = await usageDuring(services, () => collectAll(collection.port, phone.phone));
    accepting.push(given.poweb);
    collecting.push(taken.collection);
  }
  const other = await Phone.register(poweb.port, 'phone that gets nothing');
  await connectAll(collection.port, other.phone);
  const connecting = await usageDuring(services, () => connectAll(collection.port, other.phone));
  return [
    usageRow('PoWeb: a parcel for a phone', accepting, {
      pace,
      pieces: PARCELS,
      mark: MOST_MS.poweb,
    }),
    usageRow('collection: a parcel from the backlog', collecting, {
      pace,
      pieces: PARCELS,
      mark: MOST_CPU_MS.collection,
    }),
    usageRow('collection: a phone that comes and goes, nothing held', [connecting.collection], {
      pace,
      pieces: CONNECTIONS,
      mark: MOST_CPU_MS.connection,
    }),
  ];
}

async function connectAll(port: number, phone: Peer): Promise<void> {
  const remaining = Array.from({ length: CONNECTIONS }).values();
  const workers = Array.from({ length: CONNECTED_AT_ONCE }, async () => {
    for (const _ of remaining) {
      await collectAll(port, phone);
    }
  });
  await Promise.all(workers);
}

async function toTheInternet(
  cloud: BenchCloud,
  poweb: ServiceProcess,
  pace: number,
): Promise<Row[]> {
  await using app = await InternetApp.start();
  await using workers = await cloud.service('workers', app.doh.environment);
  const phone = await Phone.register(poweb.port);
  const relay = async (count: number) => {
    const deliveries = await makeDeliveries(phone, count, PARCEL_OCTETS, 'Internet');
    const received = app.server.received.length + count;
    return async () => {
      await deliverAll(poweb.port, deliveries);
      await until(() => app.server.received.length >= received);
    };
  };
  await (await relay(WARM_UP))();
  const usage = await usageDuring({ poweb, workers }, await relay(PARCELS));
  return [
    usageRow('PoWeb: a parcel for the Internet', [usage.poweb], {
      pace,
      pieces: PARCELS,
      mark: MOST_CPU_MS.powebToInternet,
    }),
    usageRow('workers: a parcel posted to the Internet', [usage.workers], {
      pace,
      pieces: PARCELS,
      mark: MOST_CPU_MS.workersToInternet,
    }),
  ];
}

async function fromTheInternet(
  cloud: BenchCloud,
  poweb: ServiceProcess,
  pace: number,
): Promise<Row[]> {
  await using pohttp = await cloud.service('pohttp');
  const phone = await Phone.register(poweb.port);
  await postAll(pohttp.port, await makeDeliveries(phone, WARM_UP, PARCEL_OCTETS));
  const deliveries = await makeDeliveries(phone, PARCELS, PARCEL_OCTETS);
  const usage = await usageDuring({ pohttp }, () => postAll(pohttp.port, deliveries));
  return [
    usageRow('PoHTTP: a parcel for a phone', [usage.pohttp], {
      pace,
      pieces: PARCELS,
      mark: MOST_CPU_MS.pohttp,
    }),
  ];
}

/** What the Internet brought for the phone before is what a courier collects. */
async function byCourier(cloud: BenchCloud, poweb: ServiceProcess, pace: number): Promise<Row[]> {
  await using cogrpc = await cloud.service('cogrpc');
  await using workers = await cloud.service('workers');
  using courier = new Courier(cogrpc.port);
  const phone = await Phone.register(poweb.port);
  const side = await CargoPhone.of(phone);
  const collect = async () => courier.collectAll(await side.cca());
  await collect();
  const giving = await usageDuring({ cogrpc }, collect);
  const given = WARM_UP + PARCELS;
  const bring = async (cargoes: readonly Uint8Array[]) => {
    await courier.deliverAll(cargoes);
    await until(() => hasNoCargo(cloud));
  };
  await bring(await makeCargoes(phone, side, CARGOES));
  const cargoes = await makeCargoes(phone, side, CARGOES);
  const taking = await usageDuring({ cogrpc, workers }, () => bring(cargoes));
  const taken = CARGOES * PARCELS_PER_CARGO;
  return [
    usageRow('CogRPC: a parcel given to a courier', [giving.cogrpc], { pace, pieces: given }),
    usageRow(
      `CogRPC: a parcel taken from a courier, ${PARCELS_PER_CARGO} to a cargo`,
      [taking.cogrpc],
      { pace, pieces: taken },
    ),
    usageRow('workers: a parcel unpacked from cargo', [taking.workers], {
      pace,
      pieces: taken,
      mark: MOST_MS.unpacked,
    }),
  ];
}

/** Each visit brings a cargo and takes one, of parcels for that phone itself. */
async function byVisits(cloud: BenchCloud, poweb: ServiceProcess, pace: number): Promise<Row[]> {
  await using cogrpc = await cloud.service('cogrpc');
  await using workers = await cloud.service('workers');
  using courier = new Courier(cogrpc.port);
  const visit = async (name: string) => {
    const phone = await Phone.register(poweb.port, name);
    const side = await CargoPhone.of(phone);
    const cargoes = await makeCargoes(phone, side, 1, PARCELS_PER_VISIT);
    return async () => {
      await courier.deliverAll(cargoes);
      await until(() => hasNoCargo(cloud));
      await courier.collectAll(await side.cca());
    };
  };
  const visitAll = async (count: number) => {
    const visits: (() => Promise<void>)[] = [];
    while (visits.length < count) {
      visits.push(await visit(`phone ${visits.length} of ${count}`));
    }
    return async () => {
      for (const each of visits) {
        await each();
      }
    };
  };
  await (await visitAll(VISITS))();
  const { cogrpc: first, workers: second } = await usageDuring(
    { cogrpc, workers },
    await visitAll(VISITS),
  );
  const usage = { ...first, cpuMs: first.cpuMs + second.cpuMs };
  const name = `CogRPC and workers: a visit with ${PARCELS_PER_VISIT} parcels each way`;
  return [usageRow(name, [usage], { pace, pieces: VISITS, mark: MOST_CPU_MS.visit })];
}

async function makeCargoes(
  phone: Phone,
  side: CargoPhone,
  count: number,
  parcelsEach = PARCELS_PER_CARGO,
): Promise<Uint8Array[]> {
  const cargoes: Uint8Array[] = [];
  while (cargoes.length < count) {
    const parcels: Uint8Array[] = [];
    while (parcels.length < parcelsEach) {
      parcels.push(await makeParcel(phone, PARCEL_OCTETS));
    }
    cargoes.push(await side.cargo(parcels));
  }
  return cargoes;
}

async function hasNoCargo({ environment }: BenchCloud): Promise<boolean> {
  const { GCS_ENDPOINT, GCS_BUCKET } = environment;
  const response = await fetch(`${GCS_ENDPOINT}/storage/v1/b/${GCS_BUCKET}/o?prefix=cargo/`);
  const { items = [] } = (await response.json()) as { readonly items?: readonly object[] };
  return items.length === 0;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAtMs) {
      throw new Error(`this did not come true: ${condition}`);
    }
    await pause(20);
  }
}
