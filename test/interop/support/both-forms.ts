import type { Gateway } from '#gateway/gateway.ts';
import type { ObjectStore } from '#object-store/port.ts';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import { startAsFiveServices } from './as-five-services.ts';
import { startInOneProcess } from './in-one-process.ts';

/** A gateway as its clients see it, and what it stands on, for a test to look into and to store in. */
export interface ReachableGateway extends AsyncDisposable {
  /** Ports on this machine. */
  readonly listening: { readonly poweb: number; readonly pohttp: number; readonly cogrpc: number };
  /** Of its own in this process, or beside its services on the same servers. */
  readonly gateway: Gateway;
  readonly objects: ObjectStore;
  /** Its processes, but for this one. */
  readonly pids: readonly number[];
  /** Sends all collectors away, as a rolling restart does, and serves those that come back meanwhile. */
  replaceCollection(): Promise<void>;
}

interface GatewayForm {
  readonly name: string;
  /** The `skip` option of a suite. */
  readonly missing: false | string;
  /** What it may be made to hold: the servers of a test keep all of it in memory, and copy it often. */
  readonly mostMegabytes: number;
  /** Whether a parcel for a private endpoint that comes by PoWeb leaves a trace for the other road. */
  readonly recordsEveryParcel: boolean;
  /** @param environment - configuration variables that differ */
  readonly start: (environment?: Readonly<Record<string, string>>) => Promise<ReachableGateway>;
}

/** Whatever a client sees of the one, it must see of the other. */
export const BOTH_FORMS: readonly GatewayForm[] = [
  {
    name: 'in one process',
    missing: false,
    mostMegabytes: 1_000,
    recordsEveryParcel: true,
    start: startInOneProcess,
  },
  {
    name: 'as five services',
    missing: await missingForServices(),
    mostMegabytes: 16,
    recordsEveryParcel: false,
    start: startAsFiveServices,
  },
];
