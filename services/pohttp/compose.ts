import { MessageVerifier } from '#awala/message-verifier.ts';
import { Backing } from '#composition/backing.ts';
import { Operations } from '#composition/operations.ts';
import { type GivenParts, type ProcessParts, processParts } from '#composition/process-parts.ts';
import { CollectionLedger } from '#gateway/collection-ledger.ts';
import type { GatewayPorts } from '#gateway/gateway.ts';
import { Identity, type VerifyingIdentity } from '#gateway/identity.ts';
import { Mailbox } from '#gateway/mailbox.ts';
import { ParcelIntake } from '#gateway/parcel-intake.ts';
import type { KeyVault } from '#key-vault/port.ts';
import type { PohttpConfig } from './config.ts';
import { createPohttpServer } from './pohttp-server.ts';

/** It only verifies: it signs nothing, queues nothing, and may be denied both. */
type PohttpPorts = Pick<GatewayPorts, 'objects' | 'records' | 'signals'> & {
  readonly vault: Pick<KeyVault, 'publicKey'>;
};

/** A server for Internet apps that runs. */
export interface Pohttp extends AsyncDisposable {
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
  given: GivenParts & Partial<PohttpPorts>,
): Promise<Pohttp> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('pohttp', given);
  const backing = opened.use(new Backing(parts));
  const ports: PohttpPorts = {
    objects: given.objects ?? (await backing.objectStore(config.objectStore)),
    records: given.records ?? (await backing.recordStore(config.recordStore)),
    vault: given.vault ?? (await backing.keyVault(config.keyVault)),
    signals: given.signals ?? (await backing.signals(config.signals)),
  };
  const { vault: _, ...checked } = ports;
  const operations = opened.use(await Operations.open(parts, config, checked));
  const identity = await operations.untilAvailable(() =>
    Identity.openToVerify({ ...parts, ...ports }),
  );
  const intake = createIntake(config.internetAddress, { ...parts, ...ports, identity });
  const onAnswered = parts.processMetrics.requestAnswered;
  const server = opened.use(
    createPohttpServer({ ...config, ...config.pohttp }, { ...parts, intake, onAnswered }),
  );
  await server.listen();
  operations.started();
  opened.defer(() => operations.drain());
  const listening = { pohttp: server.port, operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function createIntake(
  internetAddress: string,
  parts: ProcessParts & PohttpPorts & { readonly identity: VerifyingIdentity },
): ParcelIntake {
  return new ParcelIntake({
    ...parts,
    internetAddress,
    verifier: new MessageVerifier(),
    mailbox: new Mailbox(parts),
    ledger: new CollectionLedger(parts),
    // From the Internet, only what is for our own private endpoints is accepted.
    outbox: { store: () => Promise.reject(new Error('PoHTTP sends nothing elsewhere')) },
  });
}
