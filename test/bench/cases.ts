import type { BenchCase } from './rows/row.ts';

/** Every benchmark by its name, in the order of the table. */
export const CASES: Readonly<Record<string, () => Promise<{ readonly run: BenchCase }>>> = {
  'accept-parcel': () => import('./cases/accept-parcel.ts'),
  'collection-handshake': () => import('./cases/collection-handshake.ts'),
  'unauthenticated-message': () => import('./cases/unauthenticated-message.ts'),
  'http-accept': () => import('./cases/http-accept.ts'),
  'whole-request': () => import('./cases/whole-request.ts'),
  overload: () => import('./cases/overload.ts'),
  'event-loop-delay': () => import('./cases/event-loop-delay.ts'),
  'collect-backlog': () => import('./cases/collect-backlog.ts'),
  'backlog-growth': () => import('./cases/backlog-growth.ts'),
  'idle-collectors': () => import('./cases/idle-collectors.ts'),
  'pack-cargo': () => import('./cases/pack-cargo.ts'),
  'unpack-cargo': () => import('./cases/unpack-cargo.ts'),
  'courier-collects': () => import('./cases/courier-collects.ts'),
  'courier-delivers': () => import('./cases/courier-delivers.ts'),
  'cloud-calls': () => import('./cases/cloud-calls.ts'),
  'cloud-storage': () => import('./cases/cloud-storage.ts'),
  'cloud-delivery': () => import('./cases/cloud-delivery.ts'),
  'cloud-collectors': () => import('./cases/cloud-collectors.ts'),
  'cloud-cpu': () => import('./cases/cloud-cpu.ts'),
  'cloud-start': () => import('./cases/cloud-start.ts'),
  'cloud-cost': () => import('./cases/cloud-cost.ts'),
  footprint: () => import('./cases/footprint.ts'),
};
