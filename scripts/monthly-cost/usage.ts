import { PARCEL_COLLECTION_LIMITS } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { LOOK_MS } from '#gateway/peers/peer-policy.ts';
import { PARTS } from '#held-index/port.ts';
import { PAGE_SIZE } from '#object-store/gcs/options.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { WORKERS_VARIABLES } from '#services/workers/config.ts';

const KIB = 1_024;
const GIB = KIB ** 3;
const DAYS = 30;
const DAY_SECONDS = 86_400;

/** A phone's day. */
export const PHONE = {
  parcelsToInternet: 5,
  parcelsFromInternet: 5,
  parcelOctets: 12 * KIB,
  /** Hours a day with a collection open. */
  hoursConnected: 4,
  connections: 8,
  /**
   * How long a parcel is held for its phone, in days: as if phones came once a day. One that comes
   * back every 2.5 hours leaves a twentieth of that; phones that stay away for weeks make up for it.
   */
  daysHeld: 1,
  /** The part of phones that a courier visits each day, with one cargo each way. */
  visited: 0.1,
  /** Registrations a month: a certificate is renewed at half its life. */
  registrationsMonth: 1 / 3,
  /** How long the record of an accepted parcel is kept, in days: until the parcel expires. */
  daysRecorded: 30,
  recordOctets: KIB,
} as const;

/** Milliseconds of CPU time that a piece of work takes at most: `npm run bench -- --check` holds each but the last. */
export const MOST_CPU_MS = {
  powebToInternet: 2.4,
  workersToInternet: 2,
  pohttp: 1.4,
  /** With the read that a parcel needs no more if it comes with its signal. */
  collection: 0.9,
  /** A handshake, with its signature, and a read of the index. */
  connection: 1.2,
  /** Per second that a collector is connected. */
  connectedSecond: 0.007,
  /** A visit of a courier: a cargo of five parcels unpacked, and one packed and signed. */
  visit: 67,
  /**
   * A mailbox of five parcels that the census compares once: 0.07 to 0.10 on 29 November 2026, of 3 000
   * with a Redis and pages of listings on the same machine.
   */
  countedMailbox: 0.1,
} as const;

/** Memory of a connected collector. */
const COLLECTOR_OCTETS = {
  /** Of the process: 12.9 by `npm run bench -- --only idle-collectors`, 29 November 2026. */
  process: 13 * KIB,
  /** Of the system, for its connection; assumed. */
  system: 16 * KIB,
} as const;

/** Commands of Redis for each; a script is one. */
const COMMANDS = {
  /** Announced, and signalled; forgotten once it is collected. */
  parcelForPhone: 3,
  /** Subscribed, and unsubscribed; the index read. */
  connection: 3,
  job: 10,
  /** The index read for the first size class, and for the one that there is. */
  visit: 2,
} as const;

/** Octets in Redis. */
const REDIS_OCTETS = {
  /** At most, as `libs/held-index` promises; 48 measured on 29 November 2026 in mailboxes of five. */
  entry: 100,
  /** The key of a mailbox, with its sum, at most: 211 measured on 30 November 2026. */
  mailbox: 230,
  /** The channel of a connected collector. */
  channel: 500,
} as const;

/** The busiest time's load, relative to the average, and the services' utilisation then. */
const PEAK = 4;
const BUSY = 0.6;
const POD_VCPUS = 0.5;
const SERVICES = 5;
/** Each of the services has three pods at least. */
const LEAST_VCPUS = SERVICES * 3 * POD_VCPUS;
/** PoWeb, CogRPC and the workers: each signs once a minute to check that it can, if it did not anyway. */
const SIGNING_SERVICES = 3;
const MINUTES = DAYS * 24 * 60;
const CENSUSES_PER_DAY =
  (DAY_SECONDS * 1_000) / readConfiguration({}, WORKERS_VARIABLES).censusIntervalMs;
const READS_PER_CONNECTED_HOUR = 3_600_000 / PARCEL_COLLECTION_LIMITS.relistMs;

/**
 * What it runs on: one process on one machine; the five services on one machine, with Redis; or the
 * five services in a cluster, with a Redis of Google's.
 */
export type Form = 'small cloud' | 'one machine' | 'cluster';

/** Milliseconds of CPU time that a phone takes in a day. */
export interface PhoneCpu {
  /** For what phones do: at the busiest time, several times as much. */
  readonly busy: number;
  /** For the census, which is always the same. */
  readonly steady: number;
}

/** At what each piece of work may take. */
export const MOST_CPU: PhoneCpu = {
  busy:
    PHONE.parcelsToInternet * (MOST_CPU_MS.powebToInternet + MOST_CPU_MS.workersToInternet) +
    PHONE.parcelsFromInternet * (MOST_CPU_MS.pohttp + MOST_CPU_MS.collection) +
    PHONE.connections * MOST_CPU_MS.connection +
    PHONE.hoursConnected * 3_600 * MOST_CPU_MS.connectedSecond +
    PHONE.visited * MOST_CPU_MS.visit,
  steady: CENSUSES_PER_DAY * MOST_CPU_MS.countedMailbox,
};

/** What that many phones use in a month. */
export function usageOf(phones: number, form: Form = 'cluster', cpu: PhoneCpu = MOST_CPU) {
  return {
    form,
    ...storageUsage(phones),
    ...recordUsage(phones, form, cpu),
    ...processUsage(phones, form, cpu),
    ...redisUsage(phones),
    ...trafficUsage(phones),
  };
}

/** How that many phones use a gateway in a month, in requests, GiB, vCPUs and so on. */
export type Usage = ReturnType<typeof usageOf>;

function storageUsage(phones: number) {
  const { parcelsToInternet, parcelsFromInternet, visited } = PHONE;
  const days = phones * DAYS;
  const held = phones * parcelsFromInternet * PHONE.daysHeld;
  const fetched = parcelsFromInternet * (1 - PHONE.hoursConnected / 24);
  return {
    uploads: days * (parcelsToInternet + parcelsFromInternet + visited),
    /** By the census: a page or a part of one for each part. */
    censusListings: DAYS * CENSUSES_PER_DAY * (PARTS.length + held / PAGE_SIZE),
    /** Of the cargo of a visited phone that waits to be unpacked. */
    visitListings: days * visited,
    /** Of parcels for the Internet, of those for phones that were not connected, and of cargo. */
    downloads: days * (parcelsToInternet + fetched + visited),
    storedGibibytes: (held * PHONE.parcelOctets) / GIB,
  };
}

function recordUsage(phones: number, form: Form, cpu: PhoneCpu) {
  const { parcelsToInternet, visited, daysRecorded, recordOctets } = PHONE;
  const days = phones * DAYS;
  /** Each process looks whether operators changed whom they block. */
  const looks = processesOf(form, vcpusFor(phones, cpu)) * DAYS * ((DAY_SECONDS * 1_000) / LOOK_MS);
  return {
    firestoreReads: days * (parcelsToInternet + visited * 10) + looks,
    firestoreWrites: days * (parcelsToInternet + visited * 6),
    firestoreDeletions: days * (parcelsToInternet + visited * 3),
    firestoreGibibytes: (phones * parcelsToInternet * daysRecorded * recordOctets) / GIB,
  };
}

function processUsage(phones: number, form: Form, cpu: PhoneCpu) {
  const neededVcpus = neededVcpusFor(phones, cpu);
  const vcpus = vcpusFor(phones, cpu);
  const processes = processesOf(form, vcpus);
  const signers = form === 'small cloud' ? 1 : (processes * SIGNING_SERVICES) / SERVICES;
  const sockets = ((phones * PHONE.hoursConnected) / 24) * 2;
  return {
    signatures: phones * (PHONE.registrationsMonth * 2 + PHONE.visited * DAYS) + signers * MINUTES,
    averageCores: coresFor(phones, cpu.busy + cpu.steady),
    neededVcpus,
    vcpus,
    sockets,
    memoryGibibytes: vcpus + (sockets * (COLLECTOR_OCTETS.process + COLLECTOR_OCTETS.system)) / GIB,
  };
}

function processesOf(form: Form, vcpus: number): number {
  const processes = { 'small cloud': 1, 'one machine': SERVICES, cluster: vcpus / POD_VCPUS };
  return processes[form];
}

/** At the busiest time; there are more where the services have their least pods. */
function neededVcpusFor(phones: number, { busy, steady }: PhoneCpu): number {
  return (coresFor(phones, busy) * PEAK + coresFor(phones, steady)) / BUSY;
}

function vcpusFor(phones: number, cpu: PhoneCpu): number {
  return Math.max(LEAST_VCPUS, neededVcpusFor(phones, cpu));
}

/** @param ms - of CPU time that a phone takes in a day */
function coresFor(phones: number, ms: number): number {
  return (phones * ms) / 1_000 / DAY_SECONDS;
}

function redisUsage(phones: number) {
  const { parcelsToInternet, parcelsFromInternet, visited, connections, hoursConnected } = PHONE;
  const perSecond = (commands: number) => (phones * commands) / DAY_SECONDS;
  const busy = perSecond(
    parcelsFromInternet * COMMANDS.parcelForPhone +
      connections * COMMANDS.connection +
      hoursConnected * READS_PER_CONNECTED_HOUR +
      parcelsToInternet * COMMANDS.job +
      visited * (COMMANDS.job + COMMANDS.visit),
  );
  const steady = perSecond(CENSUSES_PER_DAY);
  const held = parcelsFromInternet * PHONE.daysHeld;
  const connected = (hoursConnected / 24) * 2;
  const octets =
    held * REDIS_OCTETS.entry + REDIS_OCTETS.mailbox + connected * REDIS_OCTETS.channel;
  return {
    redisCommandsPerSecond: busy + steady,
    redisCommandsAtPeak: busy * PEAK + steady,
    redisGigabytes: (phones * octets) / 1e9,
  };
}

function trafficUsage(phones: number) {
  const { parcelsToInternet, parcelsFromInternet, parcelOctets } = PHONE;
  const days = phones * DAYS;
  return {
    /** To phones and to Internet apps. */
    egressGibibytes: (days * (parcelsToInternet + parcelsFromInternet) * parcelOctets) / GIB,
    /** Through the load balancers, both ways: everything except what is posted to Internet apps. */
    balancedGibibytes: (days * (parcelsToInternet + 2 * parcelsFromInternet) * parcelOctets) / GIB,
  };
}
