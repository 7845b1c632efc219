/**
 * The kinds of records that a gateway keeps: of whom, and for how long. Each expires; record stores
 * that need a policy for that (Firestore) are given one for each kind.
 */
export const RECORD_KIND = {
  /** A certificate of this gateway's own, until it ends. */
  ownCertificate: 'own-certificate',
  /** A session key of ours: published, made for a peer, or the secret that those of registrations come from; 360 to 390 days. */
  sessionKey: 'session-key',
  /** The last session key of each private gateway that sent cargo or a CCA; 360 days. */
  peerSessionKey: 'peer-session-key',
  /** A parcel that was accepted, until it expires. Stored under the name that it had first. */
  acceptedParcel: 'collected-parcel',
  /** How far the collection of a CCA is, until shortly after the CCA expires. */
  ccaFulfilment: 'cca-fulfilment',
} as const;

export const RECORD_KINDS = Object.values(RECORD_KIND);
