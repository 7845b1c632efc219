/** Media types of PoWeb (RS-016), and that of public gateways' connection parameters. */
export const MEDIA_TYPE = {
  connectionParameters: 'application/vnd.etsi.tsl.der',
  keyDigest: 'text/plain',
  authorization: 'application/vnd.awala.node-registration.authorization',
  registrationRequest: 'application/vnd.awala.node-registration.request',
  registration: 'application/vnd.awala.node-registration.registration',
  parcel: 'application/vnd.awala.parcel',
  /** Ours, until RS-016 has one (docs/proposals/withdrawals.md). */
  deauthorisation: 'application/vnd.awala.parcel-delivery-deauthorization',
} as const;
