import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { DEFAULT_HTTP_LIMITS } from '#runtime/http/http-limits.ts';
import type { AttackName } from './attacks.ts';
import type { HonestRequest } from './honest-clients.ts';

const MIB = 1_024 * 1_024;

/** An attack in full, and what is held against it. */
export interface AttackRow {
  readonly says: string;
  readonly attack: AttackName;
  /** Connections, calls, parcels, or requests in a second. */
  readonly count: number;
  /** Of the attacker, which share the count. @default 1 */
  readonly processes?: number;
  /** What honest clients ask for meanwhile, by turns. */
  readonly honest: readonly HonestRequest[];
  /** Memory that docs/limits.md lets clients take in this way, on top of what any process needs. */
  readonly memoryOctets: number;
  /** What the attacker brings that is to be kept. */
  readonly storedOctets?: number;
  /** Whether clients in the attacker's own network can be told from it. @default true */
  readonly sparesOwnNetwork?: boolean;
}

/** COGRPC_DELIVERY_BUFFER, and 4 MiB under way in each of COGRPC_MAX_DELIVERIES. */
const DELIVERIES_OCTETS = 128 * MIB + 50 * 4 * MIB;
/** COGRPC_COLLECTION_BUFFER. */
const COLLECTIONS_OCTETS = 64 * MIB;
/** COLLECTION_BUFFER. */
const PARCELS_OCTETS = 256 * MIB;
/** Of what collectors send. */
const MESSAGES_OCTETS = 64 * MIB;
/** What a connection takes that says nothing: kernel aside, Node's objects and ours. */
const CONNECTION_OCTETS = 16 * 1_024;
/** The same of a collection, and of a courier's connection. */
const COLLECTION_OCTETS = 40 * 1_024;
const COURIER_OCTETS = 128 * 1_024;
/** Certificates, and sessions of CCAs. */
const CALL_OCTETS = 64 * 1_024;

/** Every attack of the long form, with the numbers with which it was first made. */
export const ROWS: readonly AttackRow[] = [
  {
    says: '50 DeliverCargo calls that say nothing',
    attack: 'silentDeliveries',
    count: 50,
    honest: ['deliversCargo'],
    memoryOctets: DELIVERIES_OCTETS,
  },
  {
    says: '2 010 connections to CogRPC that answer pings',
    attack: 'pingedConnections',
    count: 2_010,
    honest: ['deliversCargo'],
    memoryOctets: 2_010 * COURIER_OCTETS,
  },
  {
    says: '500 CCAs, nothing acknowledged',
    attack: 'unacknowledgedCollections',
    count: 500,
    honest: ['collectsCargo'],
    memoryOctets: COLLECTIONS_OCTETS + 500 * CALL_OCTETS,
  },
  {
    says: '4 courier calls that do not read',
    attack: 'deafCollections',
    count: 4,
    honest: ['collectsCargo'],
    memoryOctets: COLLECTIONS_OCTETS,
    storedOctets: MAX_MESSAGE_OCTETS,
  },
  {
    says: '1 000 POSTs that drip an octet each second',
    attack: 'drippedUploads',
    count: 1_000,
    honest: ['readsParameters', 'deliversParcel'],
    memoryOctets: DEFAULT_HTTP_LIMITS.maxBodiesOctets,
  },
  {
    says: '15 uploads that stop short of 128 MiB together',
    attack: 'stoppedUploads',
    count: 15,
    honest: ['readsParameters', 'deliversParcel'],
    memoryOctets: 2 * DEFAULT_HTTP_LIMITS.maxBodiesOctets,
  },
  {
    says: '22 300 idle sockets to PoHTTP',
    attack: 'idleConnections',
    count: 22_300,
    processes: 2,
    honest: ['readsParameters', 'postsParcel', 'collectsParcel', 'deliversCargo', 'isSeenAlive'],
    memoryOctets: 22_300 * CONNECTION_OCTETS,
  },
  {
    says: '10 000 collections with one key',
    attack: 'manyCollections',
    count: 10_000,
    honest: ['collectsParcel'],
    memoryOctets: 10_000 * COLLECTION_OCTETS,
  },
  {
    says: '30 connections that read nothing of a 7 MiB parcel but send pongs',
    attack: 'unreadParcels',
    count: 30,
    honest: ['collectsParcel'],
    memoryOctets: PARCELS_OCTETS,
    storedOctets: MAX_MESSAGE_OCTETS,
  },
  {
    says: '600 sockets with an unfinished 500 KB message',
    attack: 'unfinishedMessages',
    count: 600,
    honest: ['collectsParcel'],
    memoryOctets: MESSAGES_OCTETS + 600 * COLLECTION_OCTETS,
  },
  {
    says: 'bad handshakes of 1 000 clients, each every 3 s',
    attack: 'badHandshakes',
    count: 1_000,
    honest: ['collectsParcel'],
    memoryOctets: MESSAGES_OCTETS + 1_000 * COLLECTION_OCTETS,
  },
  {
    says: '400 parcels to 400 names that never answer',
    attack: 'silentNames',
    count: 400,
    honest: ['reachesApp'],
    memoryOctets: 64 * MIB,
  },
  {
    says: 'an app that answers 429 to one sender',
    attack: 'limitedSender',
    count: 20,
    honest: ['reachesApp'],
    memoryOctets: 64 * MIB,
  },
  {
    says: '300 pre-registrations a second',
    attack: 'preRegistrations',
    count: 300,
    honest: ['preRegisters'],
    memoryOctets: DEFAULT_HTTP_LIMITS.maxRequests * CONNECTION_OCTETS,
    // Both ask for the same thing, and show no key.
    sparesOwnNetwork: false,
  },
];
