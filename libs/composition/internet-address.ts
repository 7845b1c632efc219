import { typedInternetAddress } from '#awala/internet-address.ts';
import { type Kind, variable } from '#runtime/configuration/variable.ts';

/** A domain name as operators type it, in canonical form. */
export const DOMAIN_NAME: Kind<string> = {
  accepts: 'a domain name of two labels or more, such as gateway.example.org',
  schema: { type: 'string' },
  parse: (text) => typedInternetAddress(text) ?? undefined,
};
/** Ends names that no DNS has: they stay on this machine (RFC 6761 §6.3). */
const LOCAL = '.localhost';
const NAME = 'INTERNET_ADDRESS';
const meaning = 'this gateway’s Awala address, such as gateway.example.org';

/** This gateway's own address, in canonical form; the same for every service. */
export const internetAddress = variable(NAME, { meaning }, DOMAIN_NAME);

/** The same, with a default for trying a gateway out. */
export const localInternetAddress = variable(
  NAME,
  { meaning, default: `gateway${LOCAL}` },
  DOMAIN_NAME,
);

/** Whether a gateway of this address is only tried out, as the world cannot find it. */
export function isLocalAddress(address: string): boolean {
  return address.endsWith(LOCAL);
}
