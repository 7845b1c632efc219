import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { backupName } from '#services/standalone/backup/backup-names.ts';
import { missingProgram } from '#test/backing/backing.ts';
import { startChildServer } from '#test/backing/child-server.ts';
import { obtainFakeS3 } from '#test/backing/programs.ts';
import { startGateway } from '#test/interop/support/running-gateway.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { Phone } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { RawServer } from './internet-delivery/raw-server.ts';
import { forgedBackup } from './support/forged-backup.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { collectAll, collectMeanwhile, startParcelLoad } from './support/parcel-load.ts';
import { runCommand } from './support/run-command.ts';
import { missingForSmallDisks, SmallDisk } from './support/small-disk.ts';

const MAIN = fileURLToPath(new URL('../../services/standalone/main.js', import.meta.url));
const MIB = 1_024 * 1_024;
const s3 = await obtainFakeS3();

describe('A gateway under load', () => {
  it('is restored from a backup with every parcel that was accepted before', async () => {
    await using place = await dataFolder();
    const original = join(place.path, 'original');
    const restored = join(place.path, 'restored');
    const keys = await keyFiles(place.path);
    await using gateway = await GatewayProcess.start(original);
    const phone = await Phone.register(gateway.poweb);
    const reader = await Phone.register(gateway.poweb, 'reader');
    const loads = [phone, reader].map((each) => startParcelLoad(gateway.poweb, each));
    const collecting = collectMeanwhile(gateway.poweb, reader);
    const [load] = loads;
    assert.ok(load);
    await load.more(60);
    const before = new Set(load.accepted);
    const to = join(place.path, 'backups/');
    const args = ['--recipient', keys.recipient, to];
    const { code, text } = await runCommand('backup', { DATA_DIR: original }, args);
    assert.equal(code, 0, text);
    assert.match(
      text,
      /^Backed up to .*\/backups\/gateway\.localhost-20.*\.tar\.age: .* verified\.$/,
    );
    await load.more(20);
    await gateway.end('SIGKILL');
    await Promise.all(loads.map((each) => each.stop()));
    assert.ok((await collecting) > 0);
    const note = JSON.parse(await readFile(join(original, 'last-backup.json'), 'utf8'));
    assert.equal(`${note.to}/`, to);

    const environment = { DATA_DIR: restored };
    const restoring = await runCommand('restore', environment, ['--identity-file', keys.path, to]);
    assert.equal(restoring.code, 0, restoring.text);
    await using doh = await DohServer.start();
    const asked = { ...environment, ...ANY_PORT, DOH_URL: doh.url.href };
    const examined = await runCommand('doctor', asked);
    assert.equal(examined.code, 0, examined.text);
    await using again = await GatewayProcess.start(restored);
    const collected = await collectAll(again.poweb, phone);
    assert.deepEqual(
      [...before].filter((name) => !collected.has(name)),
      [],
    );
    assert.deepEqual(
      [...collected].filter((name) => !load.accepted.has(name)),
      [],
    );
    const { gatewayCertificate } = (await Phone.register(again.poweb)).registration;
    assert.ok(gatewayCertificate.equals(phone.registration.gatewayCertificate));
    const load2 = startParcelLoad(again.poweb, phone);
    await load2.more(5);
    await load2.stop();
    assert.deepEqual(await collectAll(again.poweb, phone), load2.accepted);
  });
});

describe('awala-gateway backup and restore', () => {
  let place: Awaited<ReturnType<typeof dataFolder>>;
  let data: string;
  let sealing: readonly [string, string];
  let opening: readonly [string, string];
  let backup: string;

  before(async () => {
    place = await dataFolder();
    data = join(place.path, 'data');
    const keys = await keyFiles(place.path);
    sealing = ['--recipient', keys.recipient];
    opening = ['--identity-file', keys.path];
    assert.equal((await runCommand('keygen', { DATA_DIR: data })).code, 0);
    backup = join(place.path, 'one.tar.age');
    const { code, text } = await runCommand('backup', { DATA_DIR: data }, [...sealing, backup]);
    assert.equal(code, 0, text);
  });
  after(() => place[Symbol.asyncDispose]());

  async function refusal(command: string, folder: string, args: readonly string[]) {
    const { code, text } = await runCommand(command, { DATA_DIR: folder }, args);
    assert.equal(code, 1);
    return text;
  }

  /** A folder with a damaged copy of the backup. */
  async function damaged(how: (path: string) => Promise<void>): Promise<string> {
    const path = join(place.path, 'damaged.tar.age');
    await writeFile(path, await readFile(backup));
    await how(path);
    return path;
  }

  it('keep what they write from others', async () => {
    const folder = join(place.path, 'modes');
    await runCommand('restore', { DATA_DIR: folder }, [...opening, backup]);
    const paths = [
      backup,
      folder,
      ...(await readdir(folder, { recursive: true })).map((name) => join(folder, name)),
    ];
    for (const path of paths) {
      assert.equal((await stat(path)).mode & 0o077, 0, path);
    }
  });

  it('work with a passphrase, and only with that', async () => {
    const [right, wrong] = [join(place.path, 'right'), join(place.path, 'wrong')];
    await writeFile(right, 'correct horse battery staple\n');
    await writeFile(wrong, 'correct horse battery stable\n');
    const to = join(place.path, 'by-passphrase.tar.age');
    const environment = { DATA_DIR: data, BACKUP_PASSPHRASE_FILE: right, BACKUP_TO: to };
    assert.equal((await runCommand('backup', environment)).code, 0);
    const folder = join(place.path, 'by-passphrase');
    const args = ['--passphrase-file', wrong, to];
    assert.match(await refusal('restore', folder, args), /does not open/);
    const { code } = await runCommand('restore', { ...environment, DATA_DIR: folder });
    assert.equal(code, 0);
  });

  it('say what to encrypt with, and what a recipient looks like', async () => {
    const to = join(place.path, 'nowhere.age');
    assert.match(await refusal('backup', data, [to]), /--recipient or --passphrase-file/);
    assert.match(await refusal('backup', data, ['--recipient', 'me', to]), /looks like age1/);
    const short = join(place.path, 'short');
    await writeFile(short, 'short\n');
    const args = ['--passphrase-file', short, to];
    assert.match(await refusal('backup', data, args), /under 12 characters/);
    assert.match(
      await refusal('backup', join(place.path, 'none'), [...sealing, to]),
      /there is no/i,
    );
    assert.match(await refusal('backup', data, [...sealing, 'ftp://x/y']), /names no bucket/);
    assert.match(await refusal('backup', data, [...sealing, backup]), /exists already/);
  });

  it('keep so many backups in a folder, and no others’ files are removed', async () => {
    const folder = join(place.path, 'kept');
    await mkdir(folder);
    const others = ['other.example-2020-01-01T00-00-00Z.tar.age', 'notes.txt'];
    const old = ['2020', '2021', '2022'].map(
      (year) => `gateway.localhost-${year}-01-01T00-00-00Z.tar.age`,
    );
    const partial = `${old[0]}.partial`;
    for (const name of [...others, ...old, partial]) {
      await writeFile(join(folder, name), '');
    }
    const args = [...sealing, '--keep', '2', folder];
    const { text } = await runCommand('backup', { DATA_DIR: data }, args);
    assert.match(text, /Removed the old backup gateway\.localhost-2021-/);
    const names = await readdir(folder);
    assert.deepEqual(names.filter((name) => others.includes(name)).toSorted(), others.toSorted());
    assert.equal(names.filter((name) => name.startsWith('gateway.localhost-')).length, 2);
    assert.ok(names.includes(old[2] ?? ''));
    assert.ok(!names.includes(partial));
  });

  it('restore onto no running gateway, no newer one unless told so, and put aside what was there', async () => {
    const folder = join(place.path, 'occupied');
    {
      await using _ = await GatewayProcess.start(folder);
      const text = await refusal('restore', folder, [...opening, backup]);
      assert.match(text, /a gateway is running on .*occupied: stop it first/);
    }
    const sealed = await readFile(join(folder, 'keys/identity.key.sealed'));
    const text = await refusal('restore', folder, [...opening, backup]);
    assert.match(text, /is newer .* add --replace-newer/);
    assert.ok(sealed.equals(await readFile(join(folder, 'keys/identity.key.sealed'))));
    const args = [...opening, '--replace-newer', backup];
    const { code, text: told } = await runCommand('restore', { DATA_DIR: folder }, args);
    assert.equal(code, 0, told);
    const aside = /What was there before is in (\S+);/.exec(told)?.[1] ?? '';
    assert.ok(sealed.equals(await readFile(join(aside, 'keys/identity.key.sealed'))));
    const [ours, theirs] = await Promise.all(
      [data, folder].map((each) => readFile(join(each, 'keys/identity.key.sealed'))),
    );
    assert.ok(ours && theirs?.equals(ours));
  });

  it('bring along which gateway it is, in the place of which was there', async () => {
    const gateways = ['one.example', 'two.example'].map((address) => ({
      address,
      folder: join(place.path, address),
    }));
    for (const { address, folder } of gateways) {
      await using _gateway = await startGateway(
        {},
        { DATA_DIR: folder, INTERNET_ADDRESS: address },
      );
    }
    const [one, two] = gateways.map(({ folder }) => ({ DATA_DIR: folder }));
    assert.ok(one && two);
    const saved = join(place.path, 'of-one.tar.age');
    const { code } = await runCommand('backup', one, [...sealing, saved]);
    assert.equal(code, 0);
    const args = [...opening, '--replace-newer', saved];
    const restored = await runCommand('restore', two, args);
    assert.equal(restored.code, 0, restored.text);
    const note = await readFile(join(two.DATA_DIR, 'internet-address'), 'utf8');
    assert.equal(note, 'one.example\n');
  });

  it('leave out an editor’s copy of a key, and say so', async () => {
    const folder = join(place.path, 'edited');
    await runCommand('keygen', { DATA_DIR: folder });
    await writeFile(join(folder, 'keys/identity.key.sealed~'), '');
    const saved = join(place.path, 'edited.tar.age');
    const { code, text } = await runCommand('backup', { DATA_DIR: folder }, [...sealing, saved]);
    assert.equal(code, 0, text);
    assert.match(text, /^Left out, as no gateway has .*: keys\/identity\.key\.sealed~$/m);
    const restored = join(place.path, 'from-edited');
    const restoring = await runCommand('restore', { DATA_DIR: restored }, [...opening, saved]);
    assert.equal(restoring.code, 0, restoring.text);
  });

  it('restore over an older gateway without being told', async () => {
    const folder = join(place.path, 'older');
    await runCommand('keygen', { DATA_DIR: folder });
    const longAgo = new Date('2020-01-01');
    await utimes(join(folder, 'gateway.db'), longAgo, longAgo);
    const { code, text } = await runCommand('restore', { DATA_DIR: folder }, [...opening, backup]);
    assert.equal(code, 0, text);
  });

  it('refuse a backup that is cut, altered, of another key, or none, and leave the folder empty', async () => {
    const other = await keyFiles(place.path, 'other-key.txt');
    const { size } = await stat(backup);
    const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
      [['--identity-file', other.path], backup, /does not open/],
      [
        opening,
        await damaged((path) => truncate(path, size - 70_000 < 0 ? size - 5_000 : size - 70_000)),
        /does not open|cut|altered/,
      ],
    ];
    for (const [keys, path, why] of cases) {
      const folder = join(place.path, 'empty');
      assert.match(await refusal('restore', folder, [...keys, path]), why);
      assert.deepEqual(
        (await readdir(folder)).filter((name) => !name.endsWith('.lock')),
        [],
      );
    }
    const altered = await damaged(async (path) => {
      const octets = await readFile(path);
      octets[octets.length - 100] = (octets[octets.length - 100] ?? 0) ^ 1;
      await writeFile(path, octets);
    });
    assert.match(
      await refusal('restore', join(place.path, 'empty'), [...opening, altered]),
      /altered/,
    );
    const none = await damaged((path) => writeFile(path, 'something else'));
    assert.match(
      await refusal('restore', join(place.path, 'empty'), [...opening, none]),
      /does not open/,
    );
  });

  it('leave no file of root’s behind in the folder of another user, and follow none of its links', {
    skip: process.getuid?.() !== 0 && 'only root can give files away',
  }, async () => {
    const user = 65_534;
    await chmod(place.path, 0o755);
    const precious = join(place.path, 'precious');
    await writeFile(precious, 'precious', { mode: 0o640 });
    const folder = join(place.path, 'of-another');
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, user, user);
    const other = await keyFiles(place.path, 'key-of-another.txt');
    await refusal('restore', folder, ['--identity-file', other.path, backup]);
    for (const name of await readdir(folder)) {
      assert.equal((await lstat(join(folder, name))).uid, user, name);
    }
    for (const name of ['gateway.db.restoring', 'keepsake']) {
      await symlink(precious, join(folder, name));
      await lchown(join(folder, name), user, user);
    }
    const { code, text } = await runCommand('restore', { DATA_DIR: folder }, [...opening, backup]);
    assert.equal(code, 0, text);
    for (const name of await readdir(folder, { recursive: true })) {
      assert.equal((await lstat(join(folder, name))).uid, user, name);
    }
    await rm(join(folder, 'backup.lock'));
    await symlink(precious, join(folder, 'backup.lock'));
    const to = join(place.path, 'through-a-link.age');
    await refusal('backup', folder, [...sealing, to]);
    const { uid, mode } = await stat(precious);
    assert.deepEqual([uid, mode & 0o777, await readFile(precious, 'utf8')], [0, 0o640, 'precious']);
  });

  it('believe nothing that a stranger with the public key wrote into a backup', async () => {
    for (const [name, value] of [
      ['at', 'soon'],
      ['internetAddress', '\u001b[2Jgateway'],
      ['octets', -1e15],
      ['octets', 'many'],
    ] as const) {
      const path = join(place.path, 'forged.tar.age');
      await writeFile(path, await forgedBackup(sealing[1], { [name]: value }));
      const text = await refusal('restore', join(place.path, 'forged'), [...opening, path]);
      assert.match(text, /its manifest is malformed/);
    }
  });

  it('unpack no more of a forged backup than it says that it holds, and keep none of it', async () => {
    const forgeries: readonly (readonly [string, Parameters<typeof forgedBackup>[2], RegExp])[] = [
      ['large', [['gateway.db', randomBytes(17 * MIB)]], /holds more than it says of itself/],
      [
        'linked',
        [[{ name: 'keys/a', type: 'symlink', linkname: '/etc' }, Buffer.alloc(0)]],
        /has what no backup has: a symlink/,
      ],
      [
        'twice',
        [
          ['keys/a', Buffer.alloc(1)],
          ['keys/a', Buffer.alloc(1)],
        ],
        /has the file keys\/a twice/,
      ],
    ];
    for (const [name, files, why] of forgeries) {
      const path = join(place.path, `${name}.tar.age`);
      await writeFile(path, await forgedBackup(sealing[1], {}, files));
      const folder = join(place.path, `unpacked-${name}`);
      assert.match(await refusal('restore', folder, [...opening, path]), why);
      const left = (await readdir(folder)).filter((each) => !each.endsWith('.lock'));
      assert.deepEqual(left, [], name);
    }
  });

  it('leave alone what another machine of the same address is writing to the same folder', async () => {
    const folder = join(place.path, 'shared');
    await mkdir(folder);
    const now = backupName('gateway.localhost', new Date());
    const [current, abandoned] = [
      `${now}.0123456789abcdef.partial`,
      'gateway.localhost-2024-02-29T04-00-00Z.tar.age.0123456789abcdef.partial',
    ];
    const running = [current, `${now}.partial`];
    for (const name of [...running, abandoned]) {
      await writeFile(join(folder, name), '');
    }
    const { code, text } = await runCommand('backup', { DATA_DIR: data }, [...sealing, folder]);
    assert.equal(code, 0, text);
    assert.match(text, /^Removed the old backup gateway\.localhost-2024-.*\.partial\.$/m);
    const left = (await readdir(folder)).filter((name) => name.endsWith('.partial'));
    assert.deepEqual(left.toSorted(), running.toSorted());
  });

  it('say what a backup lacks that the gateway keeps elsewhere', async () => {
    const cloud = { OBJECT_STORE: 'gcs', RECORD_STORE: 'firestore', KEY_VAULT: 'google-kms' };
    const environment = { ...cloud, DATA_DIR: data };
    const to = join(place.path, 'of-a-small-cloud.tar.age');
    const { code, text } = await runCommand('backup', environment, [...sealing, to]);
    assert.equal(code, 0, text);
    assert.equal(
      text.split('\n')[1],
      'It does not hold parcels and cargo in Cloud Storage (OBJECT_STORE), certificates, session keys ' +
        'and other records in Firestore (RECORD_STORE), and the identity key in Cloud KMS (KEY_VAULT): ' +
        'what is lost there, it does not bring back. It holds the queue’s jobs.',
    );
    const folder = join(place.path, 'of-a-small-cloud');
    const restoring = await runCommand('restore', { ...cloud, DATA_DIR: folder }, [...opening, to]);
    assert.match(
      restoring.text,
      /^The backup is of this machine’s folder\. It does not hold parcels/m,
    );
    const nowhere = join(place.path, 'of-nothing.tar.age');
    const five = { ...environment, WORK_QUEUE: 'redis' };
    const nothing = await runCommand('backup', five, [...sealing, nowhere]);
    assert.equal(nothing.code, 1);
    assert.match(nothing.text, /keeps nothing on this machine that a backup holds/);
  });

  it('leave no copy in the data folder when somebody ends them', async () => {
    await using silent = await RawServer.start();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, [MAIN, 'backup', ...sealing, 's3://bucket/folder'], {
        env: {
          ...process.env,
          DATA_DIR: data,
          BACKUP_S3_ENDPOINT: `http://127.0.0.1:${silent.port}`,
          AWS_ACCESS_KEY_ID: 'id',
          AWS_SECRET_ACCESS_KEY: 'secret',
        },
        stdio: 'ignore',
      });
      await until(async () => (await readdir(data)).includes('backup-in-progress'));
      child.kill(signal);
      const [, by] = await once(child, 'exit');
      assert.equal(by, signal);
      assert.ok(!(await readdir(data)).includes('backup-in-progress'));
    }
  });

  it('let no gateway start on a folder where a restore was cut short, until it is repeated', async () => {
    const folder = join(place.path, 'cut');
    await mkdir(folder);
    await writeFile(join(folder, 'gateway.db.restoring'), '');
    await assert.rejects(GatewayProcess.start(folder), /A restore into .*cut was cut short/);
    const { code, text } = await runCommand('restore', { DATA_DIR: folder }, [...opening, backup]);
    assert.equal(code, 0, text);
    await using _ = await GatewayProcess.start(folder);
  });
});

describe('awala-gateway backup and restore, with a bucket of S3', {
  skip: missingProgram(s3),
}, () => {
  it('keep backups there, of which the newest is restored', async () => {
    assert.ok('path' in s3);
    await using place = await dataFolder();
    const server = await startChildServer(s3.path, (port) => [
      ...['-host', `127.0.0.1:${port}`, '-backend', 'memory', '-initialbucket', 'backups'],
    ]);
    const keys = await keyFiles(place.path);
    const environment = {
      BACKUP_TO: 's3://backups/gateway',
      BACKUP_RECIPIENTS: keys.recipient,
      BACKUP_S3_ENDPOINT: `http://127.0.0.1:${server.port}`,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    };
    const original = { ...environment, DATA_DIR: join(place.path, 'original') };
    await runCommand('keygen', original);
    const { code, text } = await runCommand('backup', original);
    assert.equal(code, 0, text);
    assert.match(text, /^Backed up to s3:\/\/backups\/gateway\/gateway\.localhost-20/);
    const restored = { ...environment, DATA_DIR: join(place.path, 'restored') };
    const restoring = await runCommand('restore', restored, ['--identity-file', keys.path]);
    assert.equal(restoring.code, 0, restoring.text);
    const [ours, theirs] = await Promise.all(
      [original, restored].map(({ DATA_DIR }) => readFile(join(DATA_DIR, 'keys/sealing.key'))),
    );
    assert.ok(ours && theirs?.equals(ours));
    await server.stop();
  });
});

describe('awala-gateway backup, on a disk that fills up', {
  skip: await missingForSmallDisks(),
}, () => {
  it('leaves nothing under the final name, and the gateway as it was', async () => {
    await using place = await dataFolder();
    await using disk = await SmallDisk.mount(4);
    const data = join(place.path, 'data');
    const keys = await keyFiles(place.path);
    await using gateway = await GatewayProcess.start(data);
    const phone = await Phone.register(gateway.poweb);
    const load = startParcelLoad(gateway.poweb, phone);
    await load.more(80);
    const args = ['--recipient', keys.recipient, `${disk.folder}/`];
    const { code, text } = await runCommand('backup', { DATA_DIR: data }, args);
    assert.equal(code, 1);
    assert.match(text, /awala-small-disk-\w+ has no room left for the backup$/);
    assert.deepEqual(await readdir(disk.folder), []);
    await load.more(5);
    await load.stop();
    assert.deepEqual(await collectAll(gateway.poweb, phone), load.accepted);
    assert.ok(!(await readdir(data)).some((name) => /backup-in|last-backup/.test(name)));
  });

  it('begins none where the copy of the database would leave the gateway too little', async () => {
    await using place = await dataFolder();
    await using disk = await SmallDisk.mount(200);
    const keys = await keyFiles(place.path);
    await runCommand('keygen', { DATA_DIR: disk.folder });
    const args = ['--recipient', keys.recipient, join(place.path, 'one.tar.age')];
    const { code, text } = await runCommand('backup', { DATA_DIR: disk.folder }, args);
    assert.equal(code, 1);
    assert.match(text, /the disk of .* lacks \d+ MiB for a backup/);
  });
});

describe('awala-gateway restore, on a disk that fills up', {
  skip: await missingForSmallDisks(),
}, () => {
  it('says so, harms nothing that is there, and works once there is room', async () => {
    await using place = await dataFolder();
    // A restore leaves the gateway 256 MiB.
    await using disk = await SmallDisk.mount(270, { files: 1_000 });
    const keys = await keyFiles(place.path);
    const original = join(place.path, 'original');
    const backup = join(place.path, 'one.tar.age');
    await runCommand('keygen', { DATA_DIR: original });
    const backingUp = ['--recipient', keys.recipient, backup];
    assert.equal((await runCommand('backup', { DATA_DIR: original }, backingUp)).code, 0);
    const data = join(disk.folder, 'data');
    await runCommand('keygen', { DATA_DIR: data });
    const identity = () => readFile(join(data, 'keys/identity.key.sealed'));
    const before = await identity();
    const args = ['--identity-file', keys.path, '--replace-newer', backup];
    const restore = () => runCommand('restore', { DATA_DIR: data }, args);
    const isRefused = async (why: RegExp) => {
      const { code, text } = await restore();
      assert.equal(code, 1);
      assert.match(text, why);
      assert.ok(before.equals(await identity()));
      const left = (await readdir(data)).filter((name) => /restor|replaced/.test(name));
      assert.deepEqual(left, []);
      assert.equal((await runCommand('keygen', { DATA_DIR: data })).code, 0);
    };

    await writeFile(join(disk.folder, 'of-another-program'), Buffer.alloc(20 * MIB));
    await isRefused(/lacks \d+ MiB to unpack the backup beside what is there/);
    await disk.freeUp();
    // The lock of backups, the work folder, that of keys and one in it; keygen needs two at a time.
    await disk.allowMoreFiles(4);
    await isRefused(/data has no room left for the backup$/);
    await disk.allowMoreFiles(100);
    const { code, text } = await restore();
    assert.equal(code, 0, text);
    assert.ok(
      (await readFile(join(original, 'keys/identity.key.sealed'))).equals(await identity()),
    );
  });
});

/** A key, as age-keygen makes it. */
async function keyFiles(folder: string, name = 'key.txt') {
  const identity = await generateX25519Identity();
  const path = join(folder, name);
  await writeFile(path, `# created: 2026-01-01\n${identity}\n`, { mode: 0o600 });
  return { path, recipient: await identityToRecipient(identity) };
}
