import type { Clock } from '#clock/clock.ts';
import type { WitnessedTime } from '#clock/clock-plausibility.ts';
import { DnsUnavailableError } from '#gateway/internet-delivery/dns-over-https.ts';
import { Resolvers } from '../reach/resolvers.ts';
import { type Finding, ill, well } from './finding.ts';

const SUBJECT = 'DNS resolver';

interface ResolverParts {
  readonly clock: Clock;
  /** Any name. */
  readonly name: string;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca: string | undefined;
}

/**
 * Whether the resolver answers by which the workers find Internet apps.
 *
 * @returns the time that it told too, if TLS proves who told it
 */
export async function resolverFindings(
  url: URL,
  { clock, name, ca }: ResolverParts,
): Promise<{ readonly findings: readonly Finding[]; readonly time: WitnessedTime | null }> {
  let time: WitnessedTime | null = null;
  const onTime = (told: WitnessedTime) => {
    time = told;
  };
  await using resolvers = new Resolvers({ clock, onTime });
  try {
    await resolvers.at(url, ca).query(name, 'A');
    return { findings: [well(SUBJECT, `${url.host} answers`)], time };
  } catch (error) {
    if (!(error instanceof DnsUnavailableError)) {
      throw error;
    }
    const why = 'Parcels for Internet apps wait until it does.';
    const remedy =
      'Let this machine reach it by HTTPS, or set DOH_URL to another resolver that checks DNSSEC.';
    return { findings: [ill(SUBJECT, `${url.host} does not answer`, { why, remedy })], time };
  }
}
