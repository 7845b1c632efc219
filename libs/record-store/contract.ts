import { describe } from 'node:test';
import { describeExpiry } from './contract/expiry.ts';
import { describeFields } from './contract/fields.ts';
import { describeListing } from './contract/listing.ts';
import type { OpenRecordStore } from './contract/opened-store.ts';
import { describeVersions } from './contract/versions.ts';

export type { OpenRecordStore } from './contract/opened-store.ts';

/**
 * The promises of {@link import('./port.ts').RecordStore}, tested over one adapter.
 *
 * @param open - opens an empty store on the given clock, once per test; a page of its listing
 * should hold no more than 50 records where the backing service leaves a choice
 * @param options.sweeps - whether `sweep` removes what expired; false where the backing service
 * does so by itself, in its own time
 */
export function describeRecordStore(
  name: string,
  open: OpenRecordStore,
  options: { sweeps?: boolean } = {},
): void {
  describe(`${name} as a record store`, () => {
    describeFields(open);
    describeVersions(open);
    describeListing(open);
    describeExpiry(open, options.sweeps ?? true);
  });
}
