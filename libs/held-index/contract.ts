import { describe } from 'node:test';
import { describeCensus } from './contract/census.ts';
import { describeEntries } from './contract/entries.ts';
import type { OpenIndex } from './contract/opened-index.ts';

/**
 * The promises of {@link import('./port.ts').HeldIndex}, tested over one adapter.
 *
 * @param open - opens an empty index that nobody else uses, once per test
 */
export function describeHeldIndex(name: string, open: OpenIndex): void {
  describe(`${name} as an index of what is held`, () => {
    describeEntries(open);
    describeCensus(open);
  });
}
