import { canonicalInternetAddress } from '#gateway/held/internet-address.ts';
import { VariableFault, variable } from '#runtime/configuration/variable.ts';

const NAME = 'INTERNET_ADDRESS';
const meaning = 'this gateway’s Awala address, such as gateway.example.org';

/** This gateway's own address, in canonical form; every service must be told the same. */
export const internetAddress = variable(NAME, { meaning }, parse);

/** The same, for a gateway to try out. */
export const localInternetAddress = variable(
  NAME,
  { meaning, default: 'gateway.localhost' },
  parse,
);

function parse(content: string): string {
  const canonical = canonicalInternetAddress(content);
  if (!canonical) {
    throw new VariableFault(
      'must be a domain name of two labels or more, such as gateway.example.org',
    );
  }
  return canonical;
}
