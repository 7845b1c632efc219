import { isIP } from 'node:net';
import { type VariableOptions, variable } from '#runtime/configuration/variable.ts';
import { integer, text } from '#runtime/configuration/variables.ts';

const addressOptions = {
  meaning:
    'the public IP addresses in the gateway’s DNS records, as setup was told; by default those that the machine itself has',
  default: null,
} satisfies VariableOptions<readonly string[]>;

/** A line without control characters. */
export const CONTACT = {
  pattern: /^[ -~\u00A0-\uFFFF]{1,200}$/,
  format: 'a line of up to 200 characters',
} as const;

/** What `setup` remembers in the configuration for itself alone: the service does without. */
export const SETUP_VARIABLES = {
  ipAddresses: variable<readonly string[], typeof addressOptions>(
    'PUBLIC_ADDRESSES',
    addressOptions,
    {
      accepts: 'IP addresses, separated by commas',
      schema: { type: 'string' },
      parse(content) {
        const addresses = content.split(',').map((each) => each.trim());
        return addresses.every((each) => isIP(each) > 0) ? addresses : undefined;
      },
    },
  ),
  port: integer('PUBLIC_PORT', {
    meaning: 'the port with TLS in the gateway’s DNS records, if it is not HTTPS_PORT',
    default: null,
    min: 1,
    max: 65_535,
  }),
  contact: text('USERS_CONTACT', {
    meaning: 'whom users are to tell what is wrong, on the page that setup writes for them',
    default: null,
    pattern: CONTACT.pattern,
    format: CONTACT.format,
  }),
};
