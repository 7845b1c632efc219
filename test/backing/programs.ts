import { execFile } from 'node:child_process';
import { access, constants, glob } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAM_CACHE } from '#test/program-cache.ts';

const run = promisify(execFile);

const FAKE_GCS_VERSION = 'v1.56.1';
const FAKE_S3_VERSION = 'v1.2.0';
const PEBBLE_VERSION = 'v2.10.3';

/** A program's path, or what to install. */
export type Found = { readonly path: string } | { readonly missing: string };

const FIRESTORE_JARS = [
  '/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar',
  join(
    homedir(),
    'google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar',
  ),
  join(homedir(), '.cache/firebase/emulators/cloud-firestore-emulator-*.jar'),
];

/** Finds `redis-server`; installs it where this process is root on a Debian system. */
export function obtainRedis(): Promise<Found> {
  return obtainDebianProgram('Redis', 'redis-server', 'redis-server');
}

/** The same for `haproxy`, which some tests put in front of services. */
export function obtainHaproxy(): Promise<Found> {
  return obtainDebianProgram('HAProxy', 'haproxy', 'haproxy');
}

/** The same for `caddy`. */
export function obtainCaddy(): Promise<Found> {
  return obtainDebianProgram('Caddy', 'caddy', 'caddy');
}

/** The same for `nginx`. */
export function obtainNginx(): Promise<Found> {
  return obtainDebianProgram('nginx', 'nginx', 'nginx-light');
}

/** The same for `promtool`, which checks rules of Prometheus. */
export function obtainPromtool(): Promise<Found> {
  return obtainDebianProgram('Prometheus', 'promtool', 'prometheus');
}

/** The same for `amtool`, which checks the configuration of Alertmanager. */
export function obtainAmtool(): Promise<Found> {
  return obtainDebianProgram('Alertmanager', 'amtool', 'prometheus-alertmanager');
}

/** The same for libfaketime, which shows a process another time; for `LD_PRELOAD`. */
export async function obtainFakeTime(): Promise<Found> {
  const found = await obtainDebianProgram('libfaketime', 'faketime', 'faketime');
  if ('missing' in found) {
    return found;
  }
  const [path] = await Array.fromAsync(glob('/usr/lib/*/faketime/libfaketimeMT.so.1'));
  return path === undefined ? { missing: 'libfaketime: not where Debian has it' } : { path };
}

async function obtainDebianProgram(
  name: string,
  program: string,
  debianPackage: string,
): Promise<Found> {
  const found = await which(program);
  if (found) {
    return { path: found };
  }
  if (process.getuid?.() === 0 && (await which('apt-get'))) {
    await installDebianPackage(debianPackage);
    const installed = await which(program);
    if (installed) {
      return { path: installed };
    }
  }
  return { missing: `${name}: install ${debianPackage} (apt-get install ${debianPackage})` };
}

async function installDebianPackage(name: string): Promise<void> {
  // Keeps Debian from starting the service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    await run('apt-get', ['update', '-q'], { env });
    await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', name], { env });
  } catch (error) {
    process.stderr.write(`backing: apt-get install ${name}: ${String(error)}\n`);
  }
}

/** Finds `fake-gcs-server`; builds it in the cache folder if Go is installed. */
export function obtainFakeGcs(): Promise<Found> {
  return obtainGoProgram('fake-gcs-server', {
    target: 'github.com/fsouza/fake-gcs-server',
    version: FAKE_GCS_VERSION,
    missing: `GCS: install Go, or fake-gcs-server ${FAKE_GCS_VERSION}, or Docker`,
  });
}

/** The same for `gofakes3`, a server with the API of S3. */
export function obtainFakeS3(): Promise<Found> {
  return obtainGoProgram('gofakes3', {
    target: 'github.com/johannesboyne/gofakes3/cmd/gofakes3',
    version: FAKE_S3_VERSION,
    missing: `S3: install Go, or gofakes3 ${FAKE_S3_VERSION}`,
  });
}

/** The same for `pebble`, a certificate authority that speaks ACME. */
export function obtainPebble(): Promise<Found> {
  return obtainGoProgram('pebble', {
    target: 'github.com/letsencrypt/pebble/v2/cmd/pebble',
    version: PEBBLE_VERSION,
    missing: `ACME: install Go, or pebble ${PEBBLE_VERSION}`,
  });
}

/** The same for the DNS server that Pebble asks. */
export function obtainPebbleDns(): Promise<Found> {
  return obtainGoProgram('pebble-challtestsrv', {
    target: 'github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv',
    version: PEBBLE_VERSION,
    missing: `ACME: install Go, or pebble-challtestsrv ${PEBBLE_VERSION}`,
  });
}

async function obtainGoProgram(
  name: string,
  {
    target,
    version,
    missing,
  }: { readonly target: string; readonly version: string; readonly missing: string },
): Promise<Found> {
  const folder = join(PROGRAM_CACHE, `${name}-${version}`);
  const cached = join(folder, name);
  if (await isExecutable(cached)) {
    return { path: cached };
  }
  if (await which('go')) {
    try {
      const env = { ...process.env, GOBIN: folder };
      await run('go', ['install', `${target}@${version}`], { env });
      return { path: cached };
    } catch (error) {
      process.stderr.write(`backing: go install ${target}@${version}: ${String(error)}\n`);
    }
  }
  const found = await which(name);
  return found ? { path: found } : { missing };
}

/** Finds Java, and the Firestore emulator of Google Cloud's or Firebase's command line. */
export async function findFirestoreEmulator(): Promise<{ java: string; jar: string } | null> {
  const java = await which('java');
  if (!java) {
    return null;
  }
  for (const pattern of FIRESTORE_JARS) {
    for await (const jar of glob(pattern)) {
      return { java, jar };
    }
  }
  return null;
}

/** The path of an installed program; null if there is none of that name. */
export async function which(program: string): Promise<string | null> {
  // Where servers are, often outside the PATH of users other than root.
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(folder, program);
    if (folder !== '' && (await isExecutable(path))) {
      return path;
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
