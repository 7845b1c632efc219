import type { BackupConfig } from './backup-variables.ts';

/** Where a part of a gateway's data is. */
interface Part {
  readonly what: string;
  /** Null for the data folder. */
  readonly elsewhere: string | null;
}

type Stores = Pick<BackupConfig, 'objectStore' | 'recordStore' | 'keyVault' | 'workQueue'>;

/**
 * What a backup of the data folder holds, and what it lacks as the gateway keeps it elsewhere.
 *
 * @returns null if the gateway keeps everything in the data folder
 */
export function whatItHolds(stores: Stores): string | null {
  const { away, here } = divided(stores);
  if (away.length === 0) {
    return null;
  }
  const held = here.length === 0 ? '' : ` It holds ${listed(here.map(({ what }) => what))}.`;
  return `It does not hold ${listed(away.map(worded))}: what is lost there, it does not bring back.${held}`;
}

/** @returns why there is nothing to back up; null if something of the gateway is in its folder */
export function whyNothing(stores: Stores): string | null {
  const { away, here } = divided(stores);
  return here.length > 0
    ? null
    : `this gateway keeps nothing on this machine that a backup holds, but ${listed(away.map(worded))}; ` +
        'a certificate of TLS is ordered again';
}

function divided(stores: Stores): {
  readonly away: readonly Part[];
  readonly here: readonly Part[];
} {
  const { away = [], here = [] } = Object.groupBy(partsOf(stores), ({ elsewhere }) =>
    elsewhere === null ? 'here' : 'away',
  );
  return { away, here };
}

function partsOf({ objectStore, recordStore, keyVault, workQueue }: Stores): readonly Part[] {
  return [
    {
      what: 'parcels and cargo',
      elsewhere: objectStore === 'gcs' ? 'Cloud Storage (OBJECT_STORE)' : null,
    },
    {
      what: 'certificates, session keys and other records',
      elsewhere: recordStore === 'firestore' ? 'Firestore (RECORD_STORE)' : null,
    },
    {
      what: 'the identity key',
      elsewhere: keyVault === 'google-kms' ? 'Cloud KMS (KEY_VAULT)' : null,
    },
    {
      what: 'the queue’s jobs',
      elsewhere: workQueue === 'redis' ? 'Redis (WORK_QUEUE)' : null,
    },
  ];
}

function worded({ what, elsewhere }: Part): string {
  return `${what} in ${elsewhere}`;
}

const LIST = new Intl.ListFormat('en', { style: 'long', type: 'conjunction' });

function listed(parts: readonly string[]): string {
  return LIST.format(parts);
}
