import { describe } from 'node:test';
import { describeBodies } from './contract/bodies.ts';
import { describeDeletion } from './contract/deletion.ts';
import { describeHoldings } from './contract/holdings.ts';
import { describeKeys } from './contract/keys.ts';
import { describeLife } from './contract/life.ts';
import { describeListing } from './contract/listing.ts';
import type { OpenObjectStore } from './contract/opened-store.ts';

export type { OpenObjectStore } from './contract/opened-store.ts';

/**
 * The promises of {@link import('./port.ts').ObjectStore}, tested over one adapter.
 *
 * @param open - opens an empty store, once per test; a page of its listing should hold no more than
 * 50 objects where the backing service leaves a choice
 * @param options.sweeps - whether `sweep` removes what expired; false where the backing service
 * does so by itself, in its own time
 * @param options.tellsHoldings - whether the store says what each holder has; not by default
 */
export function describeObjectStore(
  name: string,
  open: OpenObjectStore,
  options: { sweeps?: boolean; tellsHoldings?: boolean } = {},
): void {
  describe(`${name} as an object store`, () => {
    describeBodies(open);
    describeKeys(open);
    describeDeletion(open);
    describeListing(open);
    describeLife(open, options.sweeps ?? true);
    if (options.tellsHoldings) {
      describeHoldings(open);
    }
  });
}
