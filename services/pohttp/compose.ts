import type { GivenParts } from '#composition/process-parts.ts';
import {
  openVerifyingService,
  type VerifyingPorts,
  type VerifyingService,
} from '#composition/verifying-service.ts';
import { AcceptedParcels } from '#gateway/held/accepted-parcels.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { DoubtingVerifier } from '#gateway/identity/doubting-verifier.ts';
import { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import type { PohttpConfig } from './config.ts';
import { createPohttpServer } from './pohttp-server.ts';

/** A server for Internet apps that runs. */
interface Pohttp extends AsyncDisposable {
  /** The ports in use, which tell those that the system chose. */
  readonly listening: { readonly pohttp: number; readonly operations: number };
}

/**
 * Serves Internet apps until it is disposed of, which drains. What is `given`
 * takes the place of the real thing, and stays open.
 *
 * Waits for backing services that are away, and for the gateway's first certificate.
 */
export async function composePohttp(
  config: PohttpConfig,
  given: GivenParts & Partial<VerifyingPorts>,
): Promise<Pohttp> {
  await using opened = new AsyncDisposableStack();
  const { parts, operations } = await openVerifyingService('pohttp', config, given, opened);
  const intake = createIntake(config.internetAddress, parts);
  const onAnswered = parts.processMetrics.requestAnswered;
  const requestIds = new RequestIds(config.requests);
  const server = opened.use(
    createPohttpServer(
      { ...config, ...config.pohttp },
      { ...parts, intake, onAnswered, requestIds },
    ),
  );
  await server.listen();
  operations.started();
  opened.defer(() => operations.drain());
  const listening = { pohttp: server.port, operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function createIntake(internetAddress: string, parts: VerifyingService['parts']): ParcelIntake {
  return new ParcelIntake({
    ...parts,
    internetAddress,
    verifier: new DoubtingVerifier(parts),
    mailbox: new Mailbox(parts),
    acceptedParcels: new AcceptedParcels(parts),
    // From the Internet, only what is for our own private endpoints is accepted.
    outbox: { store: () => Promise.reject(new Error('PoHTTP sends nothing elsewhere')) },
  });
}
