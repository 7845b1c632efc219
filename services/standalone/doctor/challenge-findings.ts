import type { Clock } from '#clock/clock.ts';
import { connect } from '../reach/connect.ts';
import { ReachError } from '../reach/reach-error.ts';
import type { Resolvers } from '../reach/resolvers.ts';
import { type Finding, ill, well } from './finding.ts';

const SUBJECT = 'port 80';
/** Where certificate authorities always come, whatever HTTP_PORT is here (RFC 8555 §8.3). */
const CHALLENGE_PORT = 80;

/**
 * Whether certificate authorities reach the machine, at every address of the name in the certificate:
 * they choose which one they try.
 */
export async function challengeFindings(
  host: string,
  { clock, resolvers }: { readonly clock: Clock; readonly resolvers: Resolvers },
): Promise<readonly Finding[]> {
  const server = { host, port: CHALLENGE_PORT, useTls: false, protocols: [] };
  const addressesOf = resolvers.addressesFor('phones');
  try {
    const { address, failed } = await connect(server, { clock, addressesOf });
    return failed.length === 0
      ? [well(SUBJECT, `${address} answers`)]
      : failed.map(({ error }) => fault(error));
  } catch (error) {
    if (error instanceof ReachError) {
      return [fault(error)];
    }
    throw error;
  }
}

function fault(error: Error): Finding {
  return ill(SUBJECT, error.message, {
    why: 'The certificate cannot be renewed; once it has expired, no client connects any more.',
    remedy: error instanceof ReachError ? error.remedy : '',
  });
}
