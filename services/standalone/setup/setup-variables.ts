import { isIP } from 'node:net';
import { type VariableOptions, variable } from '#runtime/configuration/variable.ts';
import { integer } from '#runtime/configuration/variables.ts';

const addressOptions = {
  meaning:
    'the public IP addresses in the gateway’s DNS records, as setup was told; by default those that the machine itself has',
  default: null,
} satisfies VariableOptions<readonly string[]>;

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
};
