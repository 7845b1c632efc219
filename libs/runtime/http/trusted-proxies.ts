import { BlockList, isIP } from 'node:net';
import { VariableFault, type VariableWith, variable } from '../configuration/variable.ts';

/** The proxies whose headers are believed, by their addresses. */
export class TrustedProxies {
  readonly #addresses = new BlockList();

  /** Takes an address, or the start of a range and the bits that all of it share. */
  add(address: string, bits: number | null): void {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === null) {
      this.#addresses.addAddress(address, family);
    } else {
      this.#addresses.addSubnet(address, bits, family);
    }
  }

  /** @param address - as the system writes that of a connection; undefined for one that is closed, or is no TCP */
  includes(address: string | undefined): boolean {
    const version = isIP(address ?? '');
    return (
      address !== undefined &&
      version !== 0 &&
      this.#addresses.check(address, version === 6 ? 'ipv6' : 'ipv4')
    );
  }
}

export const NO_PROXIES = new TrustedProxies();

/** A comma-separated list of addresses and ranges such as `10.0.0.0/8`; none by default. */
export function trustedProxies(
  name: string,
  { meaning }: { readonly meaning: string },
): VariableWith<TrustedProxies, { meaning: string; default: TrustedProxies }> {
  const options = { meaning, default: NO_PROXIES };
  return variable<TrustedProxies, typeof options>(name, options, parse, () => '');
}

function parse(text: string): TrustedProxies {
  const proxies = new TrustedProxies();
  for (const part of text.split(',')) {
    const [, address = '', bitsText] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(part.trim()) ?? [];
    const bits = bitsText === undefined ? null : Number(bitsText);
    const mostBits = { 4: 32, 6: 128 }[isIP(address)];
    if (mostBits === undefined || (bits ?? 0) > mostBits) {
      throw new VariableFault(
        `must be addresses and ranges with commas between them, such as 10.0.0.0/8,::1, but holds ${JSON.stringify(part.slice(0, 80))}`,
      );
    }
    proxies.add(address, bits);
  }
  return proxies;
}
