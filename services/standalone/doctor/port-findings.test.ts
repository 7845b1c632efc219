import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { readLookConfig } from '../look/look-variables.ts';
import { portFindings } from './port-findings.ts';

/** What “systemctl show” says of a socket of the package, and of another that is stopped. */
const show = (port: number, state = 'active') => `ActiveState=inactive
Listen=[::]:443 (Stream)

ActiveState=${state}
Listen=127.0.0.1:${port} (Stream)
`;

describe('awala-gateway doctor, asked about ports', () => {
  /** Looks while something listens on PoWeb's port, and systemd says so much about it. */
  async function examine(says: (port: number) => string) {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const environment = {
      ...ANY_PORT,
      POWEB_PORT: `${port}`,
      OPERATIONS_PORT: `${await freePort()}`,
    };
    const run = async () => ({ code: 0, output: says(port) });
    const parts = { clock: new ManualClock(), run };
    const [finding, ...others] = await portFindings(readLookConfig(environment), parts);
    holder.close();
    await once(holder, 'close');
    assert.deepEqual(others, []);
    return { level: finding?.level, text: `${finding?.says} ${finding?.remedy ?? ''}` };
  }

  it('takes one that systemd holds for a gateway that is stopped for no fault', async () => {
    const { level, text } = await examine(show);
    assert.equal(level, 'well');
    assert.match(text, /^systemd holds POWEB_PORT for the gateway; the others are free on /);
  });

  it('says what else it may be where systemd does not say that it holds it', async () => {
    const failed = 'Failed to connect to bus: No such file or directory\n';
    for (const says of [() => failed, (port: number) => show(port, 'inactive')]) {
      const { level, text } = await examine(says);
      assert.equal(level, 'ill');
      assert.match(
        text,
        /listens there already Stop that program .* If that names systemd, it may/,
      );
    }
  });
});
