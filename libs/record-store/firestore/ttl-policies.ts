import { EXPIRY_FIELD } from './documents.ts';
import type { FirestoreOptions } from './options.ts';

const TIMEOUT_MS = 20_000;

type Database = Pick<FirestoreOptions, 'project' | 'database'>;

/**
 * Asks Firestore to remove the records of these kinds once they expired, and to keep no index of when
 * that is. Firestore may take hours until a policy is at work; this does not wait for it. Safe to run again.
 *
 * @throws the failure of Firestore, such as a permission that is missing
 */
export async function createTtlPolicies(
  database: Database,
  kinds: readonly string[],
): Promise<void> {
  await using admin = await openAdmin();
  for (const kind of kinds) {
    const field = {
      name: fieldName(database, kind),
      ttlConfig: {},
      // An index on times that go up holds all writes to one place, and nothing is looked for by it.
      indexConfig: { indexes: [] },
    };
    const request = { field, updateMask: { paths: ['ttl_config', 'index_config'] } };
    await admin.client.updateField(request, { timeout: TIMEOUT_MS });
  }
}

/**
 * @returns those of the kinds whose expired records Firestore would keep
 * @throws the failure of Firestore
 */
export async function kindsWithoutTtlPolicy(
  database: Database,
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

/** The same as {@link createTtlPolicies}, for an operator with other rights to run. */
export function ttlCommands({ project, database }: Database, kinds: readonly string[]): string[] {
  return kinds.map(
    (kind) =>
      `gcloud firestore fields ttls update ${EXPIRY_FIELD} --collection-group=${kind} ` +
      `--enable-ttl --async --project=${project} --database='${database ?? '(default)'}'`,
  );
}

async function openAdmin() {
  const { FirestoreAdminClient } = await import('@google-cloud/firestore-api/admin_v1');
  const client = new FirestoreAdminClient();
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

function fieldName({ project, database = '(default)' }: Database, kind: string): string {
  return `projects/${project}/databases/${database}/collectionGroups/${kind}/fields/${EXPIRY_FIELD}`;
}
