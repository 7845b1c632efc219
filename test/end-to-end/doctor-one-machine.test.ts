import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '#test/backing/free-ports.ts';
import { selfSigned } from '#test/builders/tls-certificates.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { runCommand } from './support/run-command.ts';
import { missingForSmallDisks, SmallDisk } from './support/small-disk.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));

const isRoot = process.getuid?.() === 0;
const noSmallDisk = await missingForSmallDisks();

describe('awala-gateway doctor, asked about a gateway on one machine', () => {
  let doh: DohServer;
  let folder: string;
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    doh = await DohServer.start();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-doctor-'));
    environment = { ...ANY_PORT, DATA_DIR: folder, DOH_URL: doh.url.href };
    assert.equal((await runCommand('keygen', environment)).code, 0);
    await runCommand('jobs', environment, ['list']);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  after(() => doh[Symbol.asyncDispose]());

  /** What is wrong, each in a line with why it matters and what to do. */
  async function faults(differing: Readonly<Record<string, string>> = {}) {
    const { code, text } = await runCommand('doctor', { ...environment, ...differing });
    const found = [...text.matchAll(/^✗ .*\n.*\n.*$/gm)].map(([fault]) =>
      fault.replaceAll(/\s+/g, ' '),
    );
    assert.equal(code, found.length === 0 ? 0 : 1, text);
    return found;
  }

  async function noted(pattern: RegExp) {
    const { code, text } = await runCommand('doctor', environment);
    assert.equal(code, 0, text);
    assert.match(text, pattern);
  }

  async function runAndStop() {
    await using gateway = await GatewayProcess.start(folder, { DOH_URL: doh.url.href });
    assert.equal(await gateway.end('SIGTERM'), 0);
  }

  it('finds nothing wrong where nothing is', async () => {
    const { code, text } = await runCommand('doctor', environment);
    assert.equal(code, 0, text);
    for (const subject of [
      'data folder',
      'disk',
      'database',
      'identity key',
      'identity',
      'ports',
    ]) {
      assert.match(text, new RegExp(`^✓ ${subject} `, 'm'));
    }
    assert.doesNotMatch(text, /Redis/);
  });

  it('changes nothing, whether or not there is anything', async () => {
    const before = await stateOf(folder);
    await runCommand('doctor', environment);
    assert.deepEqual(await stateOf(folder), before);
    const absent = join(folder, 'absent');
    assert.match((await faults({ DATA_DIR: absent })).join('\n'), /there is no folder .*absent/);
    await assert.rejects(stat(absent), { code: 'ENOENT' });
  });

  it('says that a folder that is not there means another identity', async () => {
    const [first] = await faults({ DATA_DIR: join(folder, 'absent') });
    assert.match(first ?? '', /^✗ data folder .* has a new identity: .*→ Set DATA_DIR to the/);
  });

  it('finds what others may read, and what they own', async () => {
    await chmod(join(folder, 'keys'), 0o750);
    await chmod(join(folder, 'gateway.db'), 0o644);
    const [modes] = await faults();
    assert.match(modes ?? '', /^✗ file modes others may use .* and 1 more .*→ chmod -R go= /);
  });

  it('finds files of another user', { skip: !isRoot && 'takes root' }, async () => {
    await chown(join(folder, 'gateway.db'), 1, 1);
    const [owners] = await faults();
    assert.match(owners ?? '', /^✗ file owners another user .*gateway\.db .*→ As root,/);
  });

  it('ends where a pipe stands for a file', async () => {
    for (const name of ['gateway.db', 'keys/sealing.key', 'last-backup.json']) {
      await rename(join(folder, name), join(folder, 'away')).catch(() => {});
      execFileSync('mkfifo', [join(folder, name)]);
      const found = (await faults()).join('\n');
      assert.match(found, /^✗ files this is neither a file nor a folder: /m, name);
      await rm(join(folder, name));
      await rename(join(folder, 'away'), join(folder, name)).catch(() => {});
    }
  });

  it('finds a damaged database', async () => {
    const path = join(folder, 'gateway.db');
    const octets = await readFile(path);
    await writeFile(path, octets.fill(0x5a, 4_096, 12_288));
    const [database] = (await faults()).filter((each) => each.startsWith('✗ database'));
    assert.match(
      database ?? '',
      /^✗ database \S+gateway\.db is damaged \(.*→ Restore a backup: awala-gateway restore\. .* smartctl/,
    );
    await writeFile(path, 'no database at all, but something else of some length');
    assert.match((await faults()).join('\n'), /✗ database \S+ is damaged \(.*not a database/);
  });

  it('finds a restore that was cut short', async () => {
    await writeFile(join(folder, 'gateway.db.restoring'), '', { mode: 0o600 });
    const [database] = await faults();
    assert.match(database ?? '', /^✗ database A restore into .* was cut short .*→ Run it again/);
  });

  it('finds a copy that was made while its gateway ran', async () => {
    await using copy = await mkdtempDisposable(join(tmpdir(), 'awala-copy-'));
    {
      await using _ = await GatewayProcess.start(folder, { DOH_URL: doh.url.href });
      await cp(folder, copy.path, { recursive: true, preserveTimestamps: true });
    }
    const [database] = (await faults({ DATA_DIR: copy.path })).filter((each) =>
      each.startsWith('✗ database'),
    );
    assert.match(
      database ?? '',
      /^✗ database \S+gateway\.db is a copy made while its gateway ran.*→ Stop that gateway and copy/,
    );
  });

  it('tells data of a newer version from data that are to be upgraded', async () => {
    const layout = (version: number) => {
      using database = new DatabaseSync(join(folder, 'gateway.db'));
      database.exec(`UPDATE layouts SET version = ${version} WHERE component = 'record-store'`);
    };
    layout(0);
    await noted(/^! upgrade +the data are upgraded when the gateway next starts \(record-store\)/m);
    layout(99);
    const [newer] = await faults();
    assert.match(newer ?? '', /^✗ database a newer version of the gateway wrote it .*→ Install/);
  });

  it('advises on a full disk by what is on it', { skip: noSmallDisk }, async () => {
    await using disk = await SmallDisk.mount(48);
    await runCommand('keygen', { ...environment, DATA_DIR: disk.folder });
    const [full, ...others] = await faults({ DATA_DIR: disk.folder });
    assert.match(
      full ?? '',
      /^✗ disk only 0 octets until parcels are refused, beside the reserve of 64 MiB .* refused \(507\)/,
    );
    assert.deepEqual(others, []);
    await disk.fillUp();
    const found = (await faults({ DATA_DIR: disk.folder })).join('\n');
    assert.doesNotMatch(found, /Redis/);
  });

  it('says that no more files can be made', { skip: noSmallDisk }, async () => {
    await using disk = await SmallDisk.mount(200, { files: 900 });
    await runCommand('keygen', { ...environment, DATA_DIR: disk.folder });
    const [inodes] = await faults({ DATA_DIR: disk.folder });
    assert.match(inodes ?? '', /^✗ inodes only 8\d\d more files can be created .*→ Delete files/);
  });

  it('notes when there is no backup, and an old one', async () => {
    await noted(/^! backup +none is recorded/m);
    const path = join(folder, 'last-backup.json');
    await writeFile(path, '{ "at": "2026-01-02T03:04:05Z", "to": "elsewhere" }', { mode: 0o600 });
    await noted(/^! backup +the last is of 2026-01-02T03:04Z, \d+ days ago/m);
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    await writeFile(path, JSON.stringify({ at: ago(49), to: 'elsewhere' }));
    await noted(/^! backup +the last is of .*, 2 days ago/m);
    await writeFile(path, JSON.stringify({ at: ago(47), to: 'elsewhere' }));
    await noted(/^✓ backup +the last is of /m);
  });

  it('looks beside a running gateway, and at its ports', async () => {
    await using gateway = await GatewayProcess.start(folder, { DOH_URL: doh.url.href });
    const ports = {
      POWEB_PORT: `${gateway.poweb}`,
      POHTTP_PORT: `${gateway.pohttp}`,
      COGRPC_PORT: `${gateway.cogrpc}`,
      OPERATIONS_PORT: `${gateway.operations}`,
    };
    assert.deepEqual(await faults(ports), []);
    const { text } = await runCommand('doctor', { ...environment, ...ports });
    assert.match(text, /^✓ ports +a gateway runs here, and answers on all$/m);
    assert.match(text, /^✓ open files +\d+ at most, \d+ in use$/m);
    const [address] = await faults({ ...ports, INTERNET_ADDRESS: 'other.localhost' });
    assert.match(
      address ?? '',
      /^✗ address the gateway that runs here is gateway\.localhost, not other\.localhost /,
    );
    const [port] = await faults({ ...ports, COGRPC_PORT: '1' });
    assert.match(port ?? '', /^✗ ports COGRPC_PORT 1: .*refuses .*→ Give this command the/);
  });

  it('says first that the gateway is stopped, and tries no way to it', async () => {
    await runAndStop();
    const address = 'gateway.example';
    doh.setAddress(address, '127.0.0.79');
    doh.setGateway(address, { gsc: 1, crc: 1, pdc: 1 }, address);
    const stopped = {
      ...environment,
      INTERNET_ADDRESS: address,
      CERTIFICATES: 'acme',
      HTTPS_PORT: `${await freePort()}`,
      HTTP_PORT: `${await freePort()}`,
      OPERATIONS_PORT: `${await freePort()}`,
    };
    const args = ['--resolver', doh.url.href];
    const { code, text } = await runCommand('doctor', stopped, args);
    assert.equal(code, 1);
    assert.match(text, /^✗ gateway +does not run\n +No phone, .*\n +→ npm start\n/);
    assert.match(text, /^✓ DNS for phones /m);
    assert.doesNotMatch(text, /refuses|^. port 80/m);
    assert.match(text, /\n1 to fix\.$/);
  });

  it('says why the configuration keeps the gateway from starting', async () => {
    const operations = { OPERATIONS_PORT: `${await freePort()}` };
    const wrong = { LOG_LEVLE: 'debug', DRAIN_TIMEOUT: '7' };
    const [gateway, ...others] = await faults({ ...operations, ...wrong });
    assert.match(
      gateway ?? '',
      /^✗ gateway does not run: DRAIN_TIMEOUT must be .*; LOG_LEVLE is unknown, but nearly LOG_LEVEL: .* → Correct that, then: npm start$/,
    );
    assert.deepEqual(others, []);
    await using running = await GatewayProcess.start(folder, { DOH_URL: doh.url.href });
    const at = {
      POWEB_PORT: `${running.poweb}`,
      POHTTP_PORT: `${running.pohttp}`,
      COGRPC_PORT: `${running.cogrpc}`,
      OPERATIONS_PORT: `${running.operations}`,
    };
    const [configuration] = await faults({ ...at, LOG_LEVLE: 'debug' });
    assert.match(
      configuration ?? '',
      /^✗ configuration LOG_LEVLE is unknown, .* The gateway that runs will not start again\. → Correct/,
    );
  });

  it('only notes that a gateway does not run whose data were just put here', async () => {
    await runAndStop();
    const { DATA_DIR: _, ...elsewhere } = environment;
    const operations = { OPERATIONS_PORT: `${await freePort()}` };
    await using copy = await mkdtempDisposable(join(tmpdir(), 'awala-copy-'));
    await cp(folder, copy.path, { recursive: true });
    const moved = { ...elsewhere, ...operations, DATA_DIR: copy.path };
    const { code, text } = await runCommand('doctor', moved);
    assert.equal(code, 0, text);
    assert.match(text, /^! gateway +does not run yet: no gateway has used .*\n +→ npm start\n/);
    const [stopped] = await faults(operations);
    assert.match(stopped ?? '', /^✗ gateway does not run /);
  });

  it('says that the resolver does not answer by which apps are found', async () => {
    const [resolver] = await faults({ DOH_URL: 'http://127.0.0.1:1/dns-query' });
    assert.match(resolver ?? '', /^✗ DNS resolver 127\.0\.0\.1:1 does not answer .*→ Let this/);
  });

  it('learns the time from the resolver, if TLS proves that it is that', async () => {
    const own = selfSigned({ names: ['localhost'] });
    await using resolver = await DohServer.start(own);
    resolver.date = new Date(Date.now() + 86_400_000);
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, own.chain, { mode: 0o600 });
    const differing = { ...environment, DOH_URL: resolver.url.href };
    const { code, text } = await runCommand('doctor', differing, ['--ca', ca]);
    assert.equal(code, 1);
    assert.match(text, /^✗ clock +it is 8\d{4} s behind the DNS resolver/m);
    assert.match(text, /^✓ DNS resolver +localhost:\d+ answers$/m);
  });

  it('writes JSON for programs', async () => {
    await mkdir(join(folder, 'objects'), { mode: 0o755, recursive: true });
    await chmod(join(folder, 'objects'), 0o755);
    const { text } = await runCommand('doctor', environment, ['--json']);
    const lines = text.split('\n').map((line) => JSON.parse(line));
    assert.ok(lines[0].examinations.includes('disk'));
    const found = lines.flatMap((line) => line.findings ?? []);
    const ill = found.filter(({ level }) => level === 'ill');
    assert.deepEqual(Object.keys(ill[0]), ['subject', 'level', 'says', 'why', 'remedy']);
    assert.deepEqual(lines.at(-1), { faults: 1 });
  });

  it('ends whatever it is given, as a program', async () => {
    const given = { ...process.env, ...environment, DATA_DIR: '/proc/foo' };
    const run = promisify(execFile)(process.execPath, [MAIN, 'doctor'], { env: given });
    const { stdout, code } = await run.catch((error) => error);
    assert.equal(code, 1);
    assert.match(stdout, /^✗ data folder +there is no folder \/proc\/foo$/m);
    assert.match(stdout, /\d+ to fix\.\n$/);
  });
});

/** Every file with its mode, its times and its content. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(
    ['', ...names].sort().map(async (name) => {
      const path = join(folder, name);
      const found = await stat(path);
      const content = found.isFile() ? await readFile(path) : '';
      const digest = createHash('sha256').update(content).digest('hex');
      return [name, found.mode, found.mtimeMs, found.ctimeMs, digest].join(' ');
    }),
  );
}
