import { canonicalInternetAddress } from '#awala/internet-address.ts';
import type { Log } from '#log/log.ts';
import { VariableFault, variable } from '#runtime/configuration/variable.ts';

/** Where to post parcels, by Internet address in canonical form. */
type DeliveryOverrides = ReadonlyMap<string, URL>;

const MAX_OVERRIDES = 64;
const NONE: DeliveryOverrides = new Map();
const EXAMPLE = 'app.localhost=http://127.0.0.1:9000';

/** Which Internet addresses are looked up nowhere, and where their parcels are posted instead. */
export const deliveryOverrides = variable<
  DeliveryOverrides,
  { meaning: string; default: DeliveryOverrides }
>(
  'DELIVERY_OVERRIDES',
  {
    meaning:
      'for developers of apps: where to post the parcels for some Internet addresses, without DNS, TLS and the ban on private networks',
    default: NONE,
  },
  {
    accepts: `up to ${MAX_OVERRIDES} pairs of an address and a URL with commas between them, such as ${EXAMPLE}`,
    schema: { type: 'string' },
    parse,
    write: () => '',
    isHidden: true,
  },
);

/** Says at start which parcels skip the checks. */
export function warnAboutOverrides(overrides: DeliveryOverrides, log: Log): void {
  for (const [address, url] of overrides) {
    log.warn(
      { address, url },
      'DELIVERY_OVERRIDES: parcels for this address go to this URL, without DNS, TLS and the ban on private networks',
    );
  }
}

/** @throws {VariableFault} which shows no URL, as that may hold a password */
function parse(text: string): DeliveryOverrides | undefined {
  const overrides = new Map<string, URL>();
  const pairs = text.split(',');
  if (pairs.length > MAX_OVERRIDES) {
    return undefined;
  }
  for (const [index, pair] of pairs.entries()) {
    const [, name = '', target = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
    const address = canonicalInternetAddress(name.trim());
    if (address === null) {
      throw new VariableFault(
        `must begin each pair with an Internet address of two labels or more, such as ${EXAMPLE}; pair ${index + 1} does not`,
      );
    }
    if (overrides.has(address)) {
      throw new VariableFault(`must name each address once, but names ${address} twice`);
    }
    overrides.set(address, targetFor(address, target.trim()));
  }
  return overrides;
}

function targetFor(address: string, text: string): URL {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !isWeb || url.username !== '' || url.password !== '') {
    throw new VariableFault(
      `must give ${address} a URL that starts with http: or https: and has no password, such as ${EXAMPLE}`,
    );
  }
  url.hash = '';
  return url;
}
