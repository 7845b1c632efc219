import { missingForServices } from '#test/services/cloud-gateway.ts';
import { startFiveServices } from '#test/services/five-services.ts';
import { startGateway } from './running-gateway.ts';

/** A gateway as its clients see it. */
export interface ReachableGateway extends AsyncDisposable {
  /** Ports on this machine. */
  readonly listening: { readonly poweb: number; readonly pohttp: number; readonly cogrpc: number };
}

export interface GatewayForm {
  readonly name: string;
  /** The `skip` option of a suite. */
  readonly missing: false | string;
  /** @param environment - configuration variables that differ */
  readonly start: (environment?: Readonly<Record<string, string>>) => Promise<ReachableGateway>;
}

/** Whatever a client sees of the one, it must see of the other. */
export const BOTH_FORMS: readonly GatewayForm[] = [
  { name: 'in one process', missing: false, start: (environment) => startGateway({}, environment) },
  {
    name: 'as five services',
    missing: await missingForServices(),
    start: startFiveServices,
  },
];
