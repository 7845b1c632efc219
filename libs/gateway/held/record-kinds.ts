/**
 * The kinds of records: of whom, and how long each is kept. Firestore gets a TTL policy per kind.
 */
export const RECORD_KIND = {
  /** A certificate of this gateway's own, until it ends. */
  ownCertificate: 'own-certificate',
  /**
   * A session key of ours (published, or made for a peer), or a secret that registrations' keys are
   * derived from; 360 to 390 days.
   */
  sessionKey: 'session-key',
  /** The latest session key of each private gateway that sent cargo or a CCA; 360 days. */
  peerSessionKey: 'peer-session-key',
  /** An accepted parcel, until it expires. The name is the original one. */
  acceptedParcel: 'collected-parcel',
  /** The progress of a CCA's collection, until shortly after the CCA expires. */
  ccaFulfilment: 'cca-fulfilment',
  /**
   * A private gateway that is to be established from the first day of its next certificate; or one that
   * may register where newcomers may not, up to 360 days or as long as an operator invited it. Names none.
   */
  renewalNote: 'renewal-note',
  /** How many phones were seen on a day, which names none of them; 32 days. */
  phonesSeen: 'phones-seen',
  /**
   * What an operator decided: a blocked private gateway, or one with a quota of its own, until it is lifted
   * or ends; the invitation of newcomers. The name is the original one.
   */
  peerBlock: 'peer-block',
  /** What an operator did to a private gateway, by whom and why; a year. */
  peerAct: 'peer-act',
  /** What a private gateway withdrew or revoked, until all of it has ended. */
  withdrawn: 'withdrawn',
} as const;

/** All of {@link RECORD_KIND}. */
export const RECORD_KINDS = Object.values(RECORD_KIND);
