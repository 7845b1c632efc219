import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { handling, SYSTEMD } from '../installation.ts';
import { INSTALLED } from '../installed.ts';
import { readLookConfig } from '../look/look-variables.ts';
import { Examinations } from './examinations.ts';

const BUNDLE = '/usr/lib/awala-gateway/libs/bundle/main.js';

describe('awala-gateway doctor, where the package was installed', () => {
  async function examine(environment: Readonly<Record<string, string>>) {
    const installed = handling(BUNDLE, (path) => [INSTALLED.unit, SYSTEMD].includes(path));
    const parts = { clock: new ManualClock(), resolver: undefined, ca: undefined };
    const known = { ...environment, OPERATIONS_PORT: '1' };
    await using examinations = new Examinations(readLookConfig(known), {
      ...parts,
      environment: known,
      installed,
      run: async () => ({ code: 0, output: '' }),
    });
    const [first, ...others] = examinations.list();
    const [finding] = (await first?.run()) ?? [];
    return { finding, others: others.map(({ name }) => name) };
  }

  it('leads to the set-up, and to nothing that this does', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    const { finding, others } = await examine({ DATA_DIR: folder.path });
    assert.deepEqual(finding, {
      subject: 'gateway',
      level: 'ill',
      says: 'is not set up',
      why: 'Without an address, its service starts nothing, and no phone finds it.',
      remedy: 'sudo awala-gateway setup gateway.example.org',
    });
    assert.deepEqual(others, ['clock and DNS resolver', 'data folder', 'disk', 'ports']);
  });

  it('starts a gateway that was set up by its unit', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    const address = { INTERNET_ADDRESS: 'gateway.example.org', DATA_DIR: folder.path };
    const { finding, others } = await examine(address);
    assert.equal(finding?.remedy, 'sudo systemctl start awala-gateway');
    assert.ok(others.includes('keys'));
    const { finding: faulty } = await examine({ ...address, LOG_LEVLE: 'debug' });
    assert.equal(
      faulty?.remedy,
      'Correct that in /etc/awala-gateway/gateway.env, then: sudo systemctl start awala-gateway',
    );
  });

  it('examines data that are there without an address, as where the configuration is lost', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-doctor-'));
    await writeFile(join(folder.path, 'gateway.db'), '');
    const { finding, others } = await examine({ DATA_DIR: folder.path });
    assert.equal(finding?.says, 'is not set up');
    assert.ok(others.includes('keys'));
  });
});
