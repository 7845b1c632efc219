import type { Advice } from './finding.ts';

/**
 * What to do where a service of Google Cloud cannot be asked.
 *
 * @param variable - names another server than Google's
 */
export function googleAdvice(
  service: string,
  variable: string,
): Pick<Advice, 'unauthenticated' | 'unreachable' | 'unanswered'> {
  const network = `Check that the network allows connections to ${service} (${variable}, if set).`;
  return {
    unauthenticated:
      'Give the process credentials: Workload Identity, or GOOGLE_APPLICATION_CREDENTIALS.',
    unreachable: network,
    unanswered: network,
  };
}
