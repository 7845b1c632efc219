import { keygenCommand } from '#services/standalone/commands/keygen.ts';
import { provisionCommand } from '#services/standalone/commands/provision.ts';
import { backing, uniqueName } from '#test/backing/backing.ts';
import type { BackingName } from '#test/backing/servers.ts';

/** A gateway of one test, on the servers of this run. */
export interface CloudGateway {
  /** Variables of its services and of the command line. */
  readonly environment: Readonly<Record<string, string>>;
}

const MOST_ATTEMPTS = 10;

const MANAGED = ['gcs', 'firestore', 'kms'] as const;

/** The `skip` option of a suite that runs services: false, or what to install. */
export function missingForServices(): Promise<false | string> {
  return firstMissing([...MANAGED, 'redis']);
}

/** The same, of a suite that runs one process with signals and a queue of its own. */
export function missingForSmallCloud(): Promise<false | string> {
  return firstMissing(MANAGED);
}

async function firstMissing(needed: readonly BackingName[]): Promise<false | string> {
  const found = await Promise.all(needed.map((name) => backing(name)));
  return found.map(({ missing }) => missing).find((missing) => missing !== false) ?? false;
}

/** Chooses unique names for a gateway's backing, and creates nothing. */
export async function nameCloudGateway(): Promise<CloudGateway> {
  const redis = await backing('redis');
  const { environment } = await nameSmallCloud();
  return {
    environment: {
      ...environment,
      SIGNALS: 'redis',
      WORK_QUEUE: 'redis',
      REDIS_URL: `redis://${redis.address}`,
      REDIS_PREFIX: environment.GCS_BUCKET ?? '',
    },
  };
}

/** The same, for one process with signals and a queue of its own. */
export async function nameSmallCloud(): Promise<CloudGateway> {
  const [gcs, firestore, kms] = await Promise.all(MANAGED.map((name) => backing(name)));
  const name = uniqueName('gateway');
  const ring = `projects/test/locations/here/keyRings/${name}/cryptoKeys`;
  return {
    environment: {
      INTERNET_ADDRESS: 'gateway.localhost',
      BIND_HOST: '127.0.0.1',
      OBJECT_STORE: 'gcs',
      GCS_BUCKET: name,
      GCS_ENDPOINT: `http://${gcs?.address}`,
      GOOGLE_CLOUD_PROJECT: 'test',
      RECORD_STORE: 'firestore',
      FIRESTORE_PROJECT: name,
      FIRESTORE_EMULATOR_HOST: `${firestore?.address}`,
      KEY_VAULT: 'google-kms',
      KMS_IDENTITY_KEY_VERSION: `${ring}/identity/cryptoKeyVersions/1`,
      KMS_SEALING_KEY: `${ring}/sealing`,
      KMS_EMULATOR_HOST: `${kms?.address}`,
    },
  };
}

/** The same, and creates the bucket and the identity as an operator does. */
export async function provisionCloudGateway(): Promise<CloudGateway> {
  return provision(await nameCloudGateway());
}

/** The same, for one process with signals and a queue of its own, whose folder is `folder`. */
export async function provisionSmallCloud(folder: string): Promise<CloudGateway> {
  const { environment } = await nameSmallCloud();
  return provision({ environment: { ...environment, DATA_DIR: folder } });
}

async function provision(gateway: CloudGateway): Promise<CloudGateway> {
  const said: string[] = [];
  const context = {
    args: [],
    environment: gateway.environment,
    print: (line: string) => void said.push(line),
  };
  for (const command of [provisionCommand, keygenCommand]) {
    await repeated(async () => {
      if ((await command.run(context)) !== 0) {
        throw new Error(said.join('\n'));
      }
    });
  }
  return gateway;
}

/** Retries, as an emulator's first answer can take longer than a call may. */
async function repeated(attempt: () => Promise<void>): Promise<void> {
  for (let left = MOST_ATTEMPTS - 1; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) {
        throw error;
      }
    }
  }
}
