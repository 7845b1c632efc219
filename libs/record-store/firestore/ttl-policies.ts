import { EXPIRY_FIELD } from './documents.ts';
import type { FirestoreOptions } from './options.ts';

const TIMEOUT_MS = 20_000;

type FirestoreDatabase = Pick<FirestoreOptions, 'project' | 'database'>;

/**
 * Makes Firestore remove expired records of these kinds, and keep no index of their expiry. Does
 * not wait until a policy is active, which may take hours. Safe to repeat.
 *
 * @throws the error of Firestore, such as a missing permission
 */
export async function createTtlPolicies(
  database: FirestoreDatabase,
  kinds: readonly string[],
): Promise<void> {
  await using admin = await openAdmin();
  for (const kind of kinds) {
    const field = {
      name: fieldName(database, kind),
      ttlConfig: {},
      // An index on increasing times would send all writes to one server, and no query uses it.
      indexConfig: { indexes: [] },
    };
    const request = { field, updateMask: { paths: ['ttl_config', 'index_config'] } };
    await admin.client.updateField(request, { timeout: TIMEOUT_MS });
  }
}

/**
 * @returns the kinds without a TTL policy
 * @throws the error of Firestore
 */
export async function kindsWithoutTtlPolicy(
  database: FirestoreDatabase,
  kinds: readonly string[],
): Promise<string[]> {
  await using admin = await openAdmin();
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const name = fieldName(database, kind);
      const [field] = await admin.client.getField({ name }, { timeout: TIMEOUT_MS });
      return field.ttlConfig ? [] : [kind];
    }),
  );
  return found.flat();
}

/** Commands for an operator that do what {@link createTtlPolicies} does. */
export function ttlCommands(
  { project, database }: FirestoreDatabase,
  kinds: readonly string[],
): string[] {
  return kinds.map(
    (kind) =>
      `gcloud firestore fields ttls update ${EXPIRY_FIELD} --collection-group=${kind} ` +
      `--enable-ttl --async --project=${project} --database='${database ?? '(default)'}'`,
  );
}

async function openAdmin() {
  const { FirestoreAdminClient } = await import('./admin-library.ts');
  const client = new FirestoreAdminClient();
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

function fieldName({ project, database = '(default)' }: FirestoreDatabase, kind: string): string {
  return `projects/${project}/databases/${database}/collectionGroups/${kind}/fields/${EXPIRY_FIELD}`;
}
