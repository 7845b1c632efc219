/** Where the package keeps what belongs to a machine; its scripts and units are written with these. */
export const INSTALLED = {
  /** The configuration: a variable a line. */
  settings: '/etc/awala-gateway/gateway.env',
  /** The data folder, of the gateway's user alone. */
  data: '/var/lib/awala-gateway',
  /** What Node has compiled. */
  cache: '/var/cache/awala-gateway',
  /** The service, if it is the Debian package; a tar ball is unpacked anywhere. */
  unit: '/usr/lib/systemd/system/awala-gateway.service',
  /** The pages for operators: those of `docs`, by the same names. */
  pages: '/usr/share/doc/awala-gateway',
} as const;
