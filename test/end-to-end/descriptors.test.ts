import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { RecipientServer } from '#test/peers/recipient-server.ts';
import { until } from '#test/runtime/until.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

const POSTING = fileURLToPath(new URL('./support/post-without-descriptors.ts', import.meta.url));

/** What the process needs for itself, and some for clients. */
const DESCRIPTORS = 128;
const LOOK_AGAIN_MS = 50;

describe('A gateway that has no file descriptor left', {
  skip: process.platform === 'win32',
}, () => {
  async function limited(folder: string): Promise<GatewayProcess> {
    // Node raises its own limit as far as it may.
    const node = join(folder, 'node');
    await writeFile(
      node,
      `#!/bin/sh\nulimit -n ${DESCRIPTORS} && exec "${process.execPath}" "$@"\n`,
    );
    await chmod(node, 0o755);
    return GatewayProcess.start(join(folder, 'data'), {}, { node, hasProbe: false });
  }

  async function connectMany(port: number): Promise<Disposable> {
    const sockets: Socket[] = [];
    for (let index = 0; index < DESCRIPTORS; index++) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    }
    return { [Symbol.dispose]: () => sockets.forEach((socket) => void socket.destroy()) };
  }

  async function shortages({ operations }: GatewayProcess): Promise<number> {
    using client = new HttpClient(operations);
    const { body } = await client.get('/metrics');
    return Number(/^awala_descriptor_shortages_total\{.*\} (\d+)$/m.exec(String(body))?.[1]);
  }

  for (const server of ['poweb', 'pohttp', 'cogrpc', 'operations'] as const) {
    it(`says so, and counts it, when clients of ${server} took them all, and serves again once they left`, async () => {
      await using folder = await dataFolder();
      await using gateway = await limited(folder.path);
      assert.equal(await shortages(gateway), 0);
      {
        using _many = await connectMany(gateway[server]);
        await until(() => /No file descriptor is left/.test(gateway.output), LOOK_AGAIN_MS);
        assert.match(gateway.output, /ulimit -n/);
      }
      await until(async () => (await shortages(gateway).catch(() => 0)) > 0, LOOK_AGAIN_MS);
      await Phone.register(gateway.poweb);
      assert.equal(await gateway.end('SIGTERM'), 0);
    });
  }

  it('does not hold it against the Internet app that it cannot connect to', async () => {
    await using app = await RecipientServer.start();
    const shell = `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`;
    const command = [process.execPath, POSTING, `${app.port}`];
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', shell, ...command]);
    assert.deepEqual(JSON.parse(stdout), {
      outcome: 'failed',
      reason: 'EMFILE',
      destination: 'unknown',
      retryAfterMs: null,
    });
    assert.equal(app.received.length, 0);
  });
});
