import { dataFolder } from '#composition/data-folder.ts';
import { DOMAIN_NAME } from '#composition/internet-address.ts';
import { type Values, variant } from '#runtime/configuration/configuration.ts';
import { variable } from '#runtime/configuration/variable.ts';
import { choice, port, text, url } from '#runtime/configuration/variables.ts';

/** What is read wherever the certificate comes from. */
const EDGE_VARIABLES = {
  name: variable(
    'TLS_NAME',
    {
      meaning:
        'the host that clients connect to, as in the SRV records: the name in the certificate; INTERNET_ADDRESS unless told otherwise',
      default: null,
    },
    DOMAIN_NAME,
  ),
  host: text('HTTPS_HOST', {
    meaning:
      'the address that HTTPS_PORT and HTTP_PORT listen on, regardless of BIND_HOST; every address of the machine unless told otherwise',
    default: null,
  }),
  httpsPort: port('HTTPS_PORT', {
    meaning: 'the public port, with TLS, for phones, Internet apps and couriers',
    default: 443,
  }),
  httpPort: port('HTTP_PORT', {
    meaning:
      'the port without TLS that sends browsers to HTTPS_PORT and proves to certificate authorities who owns TLS_NAME',
    default: 80,
  }),
};

/** Where the certificate of the public port comes from; without one there is no such port. */
export const certificates = variant(
  choice('CERTIFICATES', ['none', 'files', 'acme'], {
    meaning:
      'where the TLS certificate comes from; with none there is no TLS, and a proxy must see to it',
    default: 'none',
  }),
  {
    none: {},
    files: {
      ...EDGE_VARIABLES,
      certificateFile: text('TLS_CERTIFICATE_FILE', {
        meaning:
          'the certificate, followed by those of its issuers, in PEM; looked at every minute',
      }),
      keyFile: text('TLS_KEY_FILE', {
        meaning: 'its private key, in PEM, not encrypted; looked at every minute',
      }),
    },
    acme: {
      ...EDGE_VARIABLES,
      folder: dataFolder,
      directory: url('ACME_DIRECTORY', {
        meaning: 'the certificate authority to order from, which must speak ACME',
        default: new URL('https://acme-v02.api.letsencrypt.org/directory'),
        protocols: ['https:'],
      }),
      email: text('ACME_EMAIL', {
        meaning: 'where the certificate authority may write to; it needs no address',
        default: null,
        pattern: /^[^@\s,?]+@[^@\s,?]+\.[^@\s,?]+$/,
        format: 'an e-mail address',
      }),
    },
  },
);

/** The public port, and where its certificate comes from. */
export type EdgeConfig = Exclude<Values<typeof certificates>, { kind: 'none' }>;
