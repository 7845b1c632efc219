import type { Begin } from './attack.ts';
import { ON_APPS } from './on-apps.ts';
import { ON_COLLECTIONS } from './on-collections.ts';
import { ON_COURIERS } from './on-couriers.ts';
import { ON_HTTP } from './on-http.ts';

/** All attacks that a process can make, by name. */
export const ATTACKS = {
  ...ON_COURIERS,
  ...ON_HTTP,
  ...ON_COLLECTIONS,
  ...ON_APPS,
} as const satisfies Readonly<Record<string, Begin>>;

export type AttackName = keyof typeof ATTACKS;
