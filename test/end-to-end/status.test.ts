import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '#log/log.ts';
import { composeStandalone } from '#services/standalone/compose.ts';
import { readStandaloneConfig } from '#services/standalone/config.ts';
import { RESERVE_OCTETS } from '#sqlite/disk-room.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { Phone } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { RawServer } from './internet-delivery/raw-server.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { runCommand } from './support/run-command.ts';
import { missingForSmallDisks, SmallDisk } from './support/small-disk.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));
const MIB = 1_024 * 1_024;
const noSmallDisk = await missingForSmallDisks();
const NODE_ID = /0[0-9a-f]{64}/;

describe('awala-gateway status', () => {
  it('tells what a running gateway holds and does, and of a stopped one what it holds', async () => {
    await using folder = await dataFolder();
    await using doh = await DohServer.start();
    const variables = { ...ANY_PORT, DATA_DIR: folder.path, DOH_URL: doh.url.href };
    const environment = { DATA_DIR: folder.path, OPERATIONS_PORT: `${await freePort()}` };
    {
      const config = readStandaloneConfig(variables);
      await using gateway = await composeStandalone(config, { log: silentLog });
      const { poweb, operations } = gateway.listening;
      const phone = await Phone.register(poweb);
      await Phone.register(poweb, 'another phone');
      const parcel = await phone.deliver();
      await phone.deliver(await phone.parcel());
      await phone.deliver(await phone.parcelToInternet());
      await writeFile(
        join(folder.path, 'last-backup.json'),
        JSON.stringify({ at: new Date().toISOString(), to: 'elsewhere' }),
        { mode: 0o600 },
      );
      const at = { ...environment, OPERATIONS_PORT: `${operations}` };
      const { code, text } = await runCommand('status', at);
      assert.equal(code, 0, text);
      assert.match(text, /^gateway\.localhost {2}runs for \d+ s, version /);
      assert.match(text, /^phones +0 connected, 2 seen in 30 days$/m);
      assert.match(text, /^for phones +2 parcels, \d+\.\d KiB, the oldest \d+ s ago$/m);
      assert.match(text, /^for apps +1 parcel, /m);
      assert.match(text, /^jobs +1 waiting.*; 0 set aside$/m);
      assert.match(text, /^disk +[\d.]+ .iB until parcels are refused$/m);
      assert.match(text, /^certificates +of the gateway 1\d\d days /m);
      assert.match(text, /^backup +\d+ s ago$/m);
      assert.match(text, /^last minute +3 accepted, 0 collected, .* 2 registered$/m);
      assert.doesNotMatch(text, NODE_ID);
      const { text: json } = await runCommand('status', at, ['--json']);
      const told = JSON.parse(json);
      assert.equal(told.held.forPhones.objects, 2);
      assert.ok(told.held.forPhones.octets > 2 * parcel.length - 100);
      assert.doesNotMatch(json, NODE_ID);
    }
    const before = await readdir(folder.path);
    const { code, text } = await runCommand('status', environment);
    assert.equal(code, 1);
    assert.match(text, /^gateway\.localhost {2}is not running$/m);
    assert.match(text, /^phones +2 seen in 30 days$/m);
    assert.match(text, /^for phones +2 parcels, /m);
    assert.match(text, /^jobs +1 waiting/m);
    assert.match(text, /^certificates +of the gateway 1\d\d days /m);
    assert.deepEqual(await readdir(folder.path), before);
  });

  it('counts the same room on the disk, as does the doctor', { skip: noSmallDisk }, async () => {
    await using disk = await SmallDisk.mount(200);
    const environment = { ...ANY_PORT, DATA_DIR: disk.folder };
    const roomOctets = async (port: number) => {
      const at = { ...environment, OPERATIONS_PORT: `${port}` };
      return JSON.parse((await runCommand('status', at, ['--json'])).text).diskRoomOctets;
    };
    let running: number;
    {
      await using gateway = await GatewayProcess.start(disk.folder);
      const reserve = join(disk.folder, 'gateway.db.reserve');
      await until(
        async () => (await stat(reserve).catch(() => null))?.size === RESERVE_OCTETS / 2,
        50,
      );
      running = await roomOctets(gateway.operations);
      assert.ok(running > 100 * MIB && running < 140 * MIB, `${running}`);
    }
    const stopped = await roomOctets(await freePort());
    assert.ok(Math.abs(running - stopped) < 2 * MIB, `${running}, but then ${stopped}`);
    const { text } = await runCommand('doctor', environment);
    const [, told] = /^! disk +only (.*) MiB until parcels are refused$/m.exec(text) ?? [];
    assert.ok(Math.abs(running - Number(told) * MIB) < 2 * MIB, text);
  });

  it('counts who collects', async () => {
    await using folder = await dataFolder();
    await using gateway = await GatewayProcess.start(folder.path);
    const phone = await Phone.register(gateway.poweb);
    await using collector = await phone.collect();
    await phone.deliver();
    await collector.next();
    const at = { DATA_DIR: folder.path, OPERATIONS_PORT: `${gateway.operations}` };
    const { text } = await runCommand('status', at);
    assert.match(text, /^phones +1 connected, 1 seen in 30 days$/m);
  });

  it('finds nothing where nothing is', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-status-'));
    const environment = {
      DATA_DIR: join(folder.path, 'absent'),
      OPERATIONS_PORT: `${await freePort()}`,
    };
    const { code, text } = await runCommand('status', environment);
    assert.equal(code, 1);
    assert.match(text, /is not running\nStart it: npm start\n\nphones +unknown\nheld +unknown\n/);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it('takes no other program for a stopped gateway', async () => {
    await using other = await RawServer.start((socket) => {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    const { code, text } = await runCommand('status', { OPERATIONS_PORT: `${other.port}` });
    assert.equal(code, 1);
    assert.match(text, /^What runs here has no status/);
  });

  it('ends when nobody reads what it shows any more', async () => {
    await using folder = await dataFolder();
    const environment = { DATA_DIR: folder.path, OPERATIONS_PORT: `${await freePort()}` };
    const child = spawn(process.execPath, [MAIN, 'status', '--watch'], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

  it('shows nothing that controls the terminal, whoever answers', async () => {
    const told = {
      internetAddress: 'gateway\u001b]0;renamed\u0007\u009b2J',
      diskRoomOctets: null,
      certificates: { gatewayUntil: null, tlsUntil: null },
      lastBackupAt: null,
    };
    await using other = await RawServer.start((socket) => {
      const body = JSON.stringify(told);
      const head = `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
      socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
    });
    const child = spawn(process.execPath, [MAIN, 'status'], {
      env: { ...process.env, OPERATIONS_PORT: `${other.port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    }
    await once(child, 'close');
    assert.match(text, /is not running/);
    assert.doesNotMatch(text, /(?!\n)\p{Cc}/u);
    assert.doesNotMatch(text, /\n {4}at /);
  });

  it('shows it again and again if told to watch', async () => {
    await using folder = await dataFolder();
    const environment = { DATA_DIR: folder.path, OPERATIONS_PORT: `${await freePort()}` };
    const child = spawn(process.execPath, [MAIN, 'status', '--watch', '--json'], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let lines = 0;
    for await (const chunk of child.stdout) {
      lines += String(chunk).split('\n').length - 1;
      if (lines >= 2) {
        break;
      }
    }
    child.kill('SIGINT');
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGINT');
  });
});
