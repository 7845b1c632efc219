import { integer, size } from '#runtime/configuration/variables.ts';

const GIB = 1024 * 1024 * 1024;

const COUNT = { min: 0, max: 1_000_000_000 };
const SIZE = { min: 0, max: 1_024 * GIB };

/**
 * How much one private gateway, and one sender from the Internet to a private gateway, may send. The
 * defaults are derived in docs/decisions/quotas.md.
 */
export const quotaVariables = {
  parcelsPerHour: integer('QUOTA_PARCELS_PER_HOUR', {
    meaning:
      'how many parcels one phone, or one Internet app to a phone, may send in an hour; 0 for any',
    default: 10_000,
    ...COUNT,
  }),
  parcelsPerDay: integer('QUOTA_PARCELS_PER_DAY', {
    meaning: 'the same, in a day',
    default: 50_000,
    ...COUNT,
  }),
  cargoesPerHour: integer('QUOTA_CARGOES_PER_HOUR', {
    meaning: 'how many cargoes couriers may bring from one phone in an hour; 0 for any',
    default: 500,
    ...COUNT,
  }),
  cargoesPerDay: integer('QUOTA_CARGOES_PER_DAY', {
    meaning: 'the same, in a day',
    default: 2_000,
    ...COUNT,
  }),
  octetsPerHour: size('QUOTA_SIZE_PER_HOUR', {
    meaning:
      'how much one phone may send in an hour, in parcels and as much again in cargo, and one Internet app to a phone; 0 for any',
    default: 2 * GIB,
    ...SIZE,
  }),
  octetsPerDay: size('QUOTA_SIZE_PER_DAY', {
    meaning: 'the same, in a day',
    default: 8 * GIB,
    ...SIZE,
  }),
};

/**
 * How much one private gateway may have in the store, and what that may hold in all. The defaults are derived in
 * docs/decisions/quotas-on-what-is-held.md.
 */
export const heldVariables = {
  parcels: integer('QUOTA_HELD_PARCELS', {
    meaning: 'how many parcels may be held that one phone sent, or the Internet to it; 0 for any',
    default: 50_000,
    ...COUNT,
  }),
  octets: size('QUOTA_HELD_SIZE', {
    meaning: 'how much may be held that one phone sent, or the Internet to it; 0 for any',
    default: 8 * GIB,
    ...SIZE,
  }),
  percentOfRoom: integer('QUOTA_HELD_PERCENT', {
    meaning:
      'what part of the room that is left in the store one phone may fill, in percent; 0 for all of it',
    default: 25,
    min: 0,
    max: 100,
  }),
  storeOctets: size('STORE_QUOTA', {
    meaning:
      'how much the store may hold; in a bucket, only parcels for phones count. A disk has an end of its own, a bucket has none; 0 for any',
    default: 0,
    min: 0,
    max: 1_048_576 * GIB,
  }),
};
