import type { VaultNeed } from '#key-vault/port.ts';
import type { ObjectNeed } from '#object-store/port.ts';
import type { RecordNeed } from '#record-store/port.ts';
import type { Checked } from './operations.ts';
import type { BackedPorts } from './ports.ts';

interface Needs {
  readonly objects?: readonly ObjectNeed[];
  readonly records?: readonly RecordNeed[];
  readonly vault?: readonly VaultNeed[];
}

/** What each service does with its backing. No more is checked, as it may be denied the rest. */
const NEEDS = {
  poweb: { objects: ['write'], records: ['write'], vault: ['sign', 'seal'] },
  pohttp: { objects: ['write'] },
  collection: { objects: ['read', 'delete'] },
  cogrpc: {
    objects: ['write', 'read', 'delete'],
    records: ['write'],
    vault: ['sign', 'seal', 'unseal'],
  },
  workers: {
    objects: ['write', 'read', 'delete'],
    records: ['write'],
    vault: ['sign', 'unseal'],
  },
  standalone: {
    objects: ['write', 'read', 'delete'],
    records: ['write'],
    vault: ['sign', 'seal', 'unseal'],
  },
} as const satisfies Record<string, Needs>;

/** A service whose needs are checked. */
export type ServiceWithNeeds = keyof typeof NEEDS;

/** A service's readiness checks: each asks a port for what the service needs. */
export function checksOf(
  service: ServiceWithNeeds,
  ports: Partial<BackedPorts>,
): Readonly<Record<string, Checked>> {
  const { objects, records, vault }: Needs = NEEDS[service];
  const { objects: store, records: recordStore, vault: keyVault, signals, queue } = ports;
  return {
    ...(store && { objects: { check: () => store.check(objects) } }),
    ...(recordStore && { records: { check: () => recordStore.check(records) } }),
    ...(keyVault && vault && { vault: { check: () => keyVault.check(vault) } }),
    ...(signals && { signals }),
    ...(queue && { queue }),
  };
}
