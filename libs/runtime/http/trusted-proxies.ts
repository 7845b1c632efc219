import { BlockList, isIP } from 'node:net';
import { type VariableWith, variable } from '../configuration/variable.ts';

/** The addresses of proxies whose headers we believe. */
export class TrustedProxies {
  readonly #addresses = new BlockList();
  #isEmpty = true;

  /** Adds an address, or a range by its first address and prefix length. */
  add(address: string, bits: number | null): void {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    this.#isEmpty = false;
    if (bits === null) {
      this.#addresses.addAddress(address, family);
    } else {
      this.#addresses.addSubnet(address, bits, family);
    }
  }

  /**
   * @param address - of a connection, as the system writes it; undefined if that is closed or not
   * TCP
   */
  includes(address: string | undefined): boolean {
    if (this.#isEmpty) {
      return false;
    }
    const version = isIP(address ?? '');
    return (
      address !== undefined &&
      version !== 0 &&
      this.#addresses.check(address, version === 6 ? 'ipv6' : 'ipv4')
    );
  }
}

/** Trusts nobody. */
export const NO_PROXIES = new TrustedProxies();

/**
 * A variable with a comma-separated list of addresses and ranges such as `10.0.0.0/8`; none by
 * default.
 */
export function trustedProxies(
  name: string,
  { meaning }: { readonly meaning: string },
): VariableWith<TrustedProxies, { meaning: string; default: TrustedProxies }> {
  const options = { meaning, default: NO_PROXIES };
  return variable<TrustedProxies, typeof options>(name, options, {
    accepts: 'addresses and ranges with commas between them, such as 10.0.0.0/8,::1',
    schema: { type: 'string', pattern: '^[0-9a-fA-F.:/, ]+$' },
    parse,
    write: () => '',
  });
}

function parse(text: string): TrustedProxies | undefined {
  const proxies = new TrustedProxies();
  for (const part of text.split(',')) {
    const [, address = '', bitsText] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(part.trim()) ?? [];
    const bits = bitsText === undefined ? null : Number(bitsText);
    const mostBits = { 4: 32, 6: 128 }[isIP(address)];
    if (mostBits === undefined || (bits ?? 0) > mostBits) {
      return undefined;
    }
    proxies.add(address, bits);
  }
  return proxies;
}
