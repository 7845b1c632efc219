import { it } from 'node:test';

/** Declares tests of which each is given what `open` opens, and closes it at the end. */
export function testsOver<Opened extends AsyncDisposable>(
  open: () => Promise<Opened>,
): (name: string, test: (opened: Opened) => Promise<void>) => void {
  return (name, test) => {
    it(name, async () => {
      await using opened = await open();
      await test(opened);
    });
  };
}
