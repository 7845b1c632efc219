import type { GatewayPorts } from '#gateway/gateway.ts';
import { Identity, type VerifyingIdentity } from '#gateway/identity/identity.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { watchClock } from './clock-watch.ts';
import { checksOf } from './needs.ts';
import { Operations, type OperationsConfig } from './operations.ts';
import { type BackingConfig, PortOpener } from './port-opener.ts';
import { type GivenParts, type ProcessParts, processParts } from './process-parts.ts';

/** What a service stands on that only verifies: it signs nothing, queues nothing, and may be denied both. */
export type VerifyingPorts = Pick<GatewayPorts, 'objects' | 'records' | 'signals'> & {
  readonly vault: Pick<KeyVault, 'publicKey'>;
};

type VerifyingConfig = Omit<BackingConfig, 'workQueue'> & OperationsConfig;

/** A service that knows whom to trust, and does not serve yet. */
export interface VerifyingService {
  readonly parts: ProcessParts & VerifyingPorts & { readonly identity: VerifyingIdentity };
  /** To be told when the service has started. */
  readonly operations: Operations;
}

/**
 * Opens what a service stands on that verifies others and issues nothing. What is
 * `given` takes the place of the real thing, and stays open.
 *
 * Waits for backing services that are away, and for the gateway's first certificate.
 *
 * @param service - a fixed word, such as `collection`
 * @param opened - closes what was opened
 */
export async function openVerifyingService(
  service: 'collection' | 'pohttp',
  config: VerifyingConfig,
  given: GivenParts & Partial<VerifyingPorts>,
  opened: AsyncDisposableStack,
): Promise<VerifyingService> {
  const parts = processParts(service, given);
  const backing = opened.use(new PortOpener(parts));
  const checked = {
    objects: given.objects ?? (await backing.objectStore(config.objectStore)),
    records: given.records ?? (await backing.recordStore(config.recordStore)),
    signals: given.signals ?? (await backing.signals(config.signals)),
  };
  // The vault is asked for the public key only, at the start, and need not be there afterwards.
  const vault = given.vault ?? (await backing.keyVault(config.keyVault));
  const operations = opened.use(await Operations.open(parts, config, checksOf(service, checked)));
  opened.use(await watchClock(parts, config));
  const ports = { ...checked, vault };
  const identity = await operations.untilAvailable(() =>
    Identity.openToVerify({ ...parts, ...ports }),
  );
  operations.alsoCheck('identity', () => identity.trustedCertificates());
  return { parts: { ...parts, ...ports, identity }, operations };
}
