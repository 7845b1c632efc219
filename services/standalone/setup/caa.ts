import type { CaaData } from 'dns-packet';
import { ask, type Dns } from '../reach/find-service.ts';

/**
 * Finds the CAA records that forbid a certificate authority to certify a host.
 *
 * @param authority - how CAA records name it, such as `letsencrypt.org`
 * @returns the records and their name, for the operator; null if it may
 * @throws {ReachError}
 * @see RFC 8659 §3
 */
export async function caaAgainst(
  authority: string,
  host: string,
  dns: Dns,
): Promise<string | null> {
  const labels = host.split('.');
  for (let first = 0; first < labels.length; first++) {
    const name = labels.slice(first).join('.');
    const { answers } = await ask(dns, name, 'CAA');
    const records = answers.flatMap((answer) => (answer.type === 'CAA' ? [answer.data] : []));
    if (records.length > 0) {
      return mayIssue(records, authority)
        ? null
        : `CAA of ${name}: ${records.map(({ tag, value }) => `${tag} "${value}"`).join(', ')}`;
    }
  }
  return null;
}

/** Without a property `issue`, anybody may. */
function mayIssue(records: readonly CaaData[], authority: string): boolean {
  const issuers = records.filter(({ tag }) => tag.toLowerCase() === 'issue');
  const names = issuers.map(({ value }) => value.split(';')[0]?.trim().toLowerCase());
  return issuers.length === 0 || names.includes(authority);
}
