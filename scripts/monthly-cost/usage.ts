const KIB = 1_024;
const GIB = KIB ** 3;
const DAYS = 30;
const DAY_SECONDS = 86_400;

/** A phone's day. */
const PHONE = {
  parcelsToInternet: 5,
  parcelsFromInternet: 5,
  parcelOctets: 12 * KIB,
  /** Hours a day with a collection open. */
  hoursConnected: 4,
  connections: 8,
  /** How long a parcel waits for its phone, in days. */
  daysHeld: 1,
  /** The part of phones that a courier visits each day, with one cargo each way. */
  visited: 0.1,
  /** Registrations a month: a certificate is renewed at half its life. */
  registrationsMonth: 1 / 3,
  /** How long the record of an accepted parcel is kept, in days: until the parcel expires. */
  daysRecorded: 30,
  recordOctets: KIB,
} as const;

/** Milliseconds of CPU time, by `npm run bench -- --only cloud-cpu` and `--only idle-collectors`, rounded up. */
const CPU_MS = {
  powebToInternet: 4,
  workersToInternet: 4,
  pohttp: 2.6,
  collection: 2.5,
  /** A handshake, with its signature, and a listing. */
  connection: 5,
  /** Per second that a collector is connected. */
  connectedSecond: 0.02,
  /** A visit of a courier: a cargo unpacked, and one packed and signed. */
  visit: 40,
} as const;

/** The busiest time's load, relative to the average, and the services' utilisation then. */
const PEAK = 4;
const BUSY = 0.6;
const POD_VCPUS = 0.5;
/** Each of the five services has three pods at least. */
const LEAST_VCPUS = 5 * 3 * POD_VCPUS;
/** PoWeb, CogRPC and the workers: each signs once a minute to check that it can, if it did not anyway. */
const SIGNING_PART = 3 / 5;
const MINUTES = DAYS * 24 * 60;
const SOCKET_OCTETS = 40 * KIB;
const RELISTINGS_PER_HOUR = 4;

/** Whether five services run in a cluster with Redis, or one process on a machine of its own. */
export type Form = 'cluster' | 'machine';

/** What that many phones use in a month. */
export function usageOf(phones: number, form: Form = 'cluster') {
  const { parcelsToInternet, parcelsFromInternet, parcelOctets, visited, connections } = PHONE;
  const days = phones * DAYS;
  const listings = connections + PHONE.hoursConnected * RELISTINGS_PER_HOUR;
  const cpuMsPerDay =
    parcelsToInternet * (CPU_MS.powebToInternet + CPU_MS.workersToInternet) +
    parcelsFromInternet * (CPU_MS.pohttp + CPU_MS.collection) +
    connections * CPU_MS.connection +
    PHONE.hoursConnected * 3_600 * CPU_MS.connectedSecond +
    visited * CPU_MS.visit;
  const averageCores = (phones * cpuMsPerDay) / 1_000 / DAY_SECONDS;
  const vcpus = Math.max(LEAST_VCPUS, (averageCores * PEAK) / BUSY);
  const signers = form === 'machine' ? 1 : (vcpus / POD_VCPUS) * SIGNING_PART;
  const sockets = ((phones * PHONE.hoursConnected) / 24) * 2;
  return {
    form,
    classA: days * (parcelsToInternet + parcelsFromInternet + listings + visited * 2),
    ofThemListings: days * (listings + visited),
    classB: days * (parcelsToInternet + parcelsFromInternet + visited),
    storedGibibytes: (phones * parcelsFromInternet * PHONE.daysHeld * parcelOctets) / GIB,
    firestoreReads: days * (parcelsToInternet + visited * 10),
    firestoreWrites: days * (parcelsToInternet + visited * 6),
    firestoreDeletions: days * (parcelsToInternet + visited * 3),
    firestoreGibibytes:
      (phones * parcelsToInternet * PHONE.daysRecorded * PHONE.recordOctets) / GIB,
    signatures: phones * (PHONE.registrationsMonth * 2 + visited * DAYS) + signers * MINUTES,
    averageCores,
    vcpus,
    sockets,
    memoryGibibytes: vcpus + (sockets * SOCKET_OCTETS) / GIB,
    /** To phones and to Internet apps. */
    egressGibibytes: (days * (parcelsToInternet + parcelsFromInternet) * parcelOctets) / GIB,
    /** Through the load balancers, both ways: everything except what is posted to Internet apps. */
    balancedGibibytes: (days * (parcelsToInternet + 2 * parcelsFromInternet) * parcelOctets) / GIB,
  };
}

export type Usage = ReturnType<typeof usageOf>;
