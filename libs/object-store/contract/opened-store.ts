import type { ObjectEntry, ObjectStore } from '../port.ts';

/** A store for one test; disposing of it closes the store and removes what it held. */
interface OpenedObjectStore extends AsyncDisposable {
  readonly store: ObjectStore;
}

export type OpenObjectStore = () => Promise<OpenedObjectStore>;

/** Far enough away that no backing service expires the object during a test. */
export const IN_A_WEEK = new Date(Math.trunc(Date.now() / 1_000) * 1_000 + 7 * 24 * 3_600_000);

export async function listAll(
  store: ObjectStore,
  prefix: string,
  options: { startAfter?: string; signal?: AbortSignal } = {},
): Promise<ObjectEntry[]> {
  return Array.fromAsync(store.list(prefix, options));
}

export async function listKeys(
  store: ObjectStore,
  prefix: string,
  options: { startAfter?: string } = {},
): Promise<string[]> {
  return (await listAll(store, prefix, options)).map(({ key }) => key);
}

/** A body whose octets differ from one position to the next, and from one seed to another. */
export function bodyOf(sizeOctets: number, seed = 0): Uint8Array {
  const body = new Uint8Array(sizeOctets);
  for (let index = 0; index < sizeOctets; index++) {
    body[index] = (index * 31 + (index >>> 8) + seed) & 0xff;
  }
  return body;
}
