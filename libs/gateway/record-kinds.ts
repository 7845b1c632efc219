/** The names of all kinds of records that a gateway keeps; every one of them expires. */
export const RECORD_KINDS = [
  'own-certificate',
  'session-key',
  'peer-session-key',
  'collected-parcel',
  'cca-fulfilment',
] as const;
