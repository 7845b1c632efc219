import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { pageForUsers } from '#services/standalone/setup/for-users.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { EmptyMachine } from './setup-process.ts';

const PAGE = new URL('../../../docs/one-machine.md', import.meta.url);
const ADDRESS = 'gateway.example.org';
const ADDRESSES = ['--address', '198.51.100.7', '--address', '2001:db8::7'];

/** What the page shows of the output, block by block. */
async function shownOutput(): Promise<readonly string[]> {
  const page = await readFile(PAGE, 'utf8');
  return [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

describe('docs/one-machine.md', () => {
  it('shows what setup says of the DNS', async () => {
    await using doh = await DohServer.start();
    await using machine = await EmptyMachine.make();
    const args = [ADDRESS, ...ADDRESSES, '--resolver', doh.url.href, '--wait', '0s'];
    await using setup = machine.setUp(args);
    await setup.ended();
    // It has the addresses of no machine, and a question for whoever is there.
    const printed = setup.output
      .replace(machine.config, '/etc/awala-gateway/gateway.env')
      .replaceAll(/^! .*\n/gm, '');
    const [records = ''] = await shownOutput();
    const [said = ''] = records.split(/^Press Enter/m);
    assert.ok(printed.startsWith(said), printed);
  });

  it('shows the page for users', async () => {
    assert.ok((await shownOutput()).includes(pageForUsers(ADDRESS)));
  });
});
