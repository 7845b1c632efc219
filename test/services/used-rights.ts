import { readFile } from 'node:fs/promises';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** Requests to the three Google services that check roles. */
interface Asked {
  /** `METHOD /path?query` of each request to Cloud Storage. */
  readonly storage: readonly string[];
  /** Methods of Firestore. */
  readonly firestore: readonly string[];
  /** Methods of Cloud KMS. */
  readonly kms: readonly string[];
}

/** Permissions for requests to Cloud Storage's JSON API, and for downloads; the first match counts. */
const PERMISSIONS: readonly (readonly [RegExp, readonly string[]])[] = [
  // Without a condition it may replace an object, which also needs the right to delete.
  [/^(?:POST|PUT) \/upload\/storage\/v1\/b\/[^/]+\/o\?/, ['objects.create', 'objects.delete']],
  [/^GET \/storage\/v1\/b\/[^/]+\/o(?:\?|$)/, ['objects.list']],
  [/^GET \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.get']],
  [/^DELETE \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.delete']],
  [/^(?:PATCH|PUT) \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.update']],
  [/^GET \/storage\/v1\/b\/[^/?]+(?:\?|$)/, ['buckets.get']],
  [/^GET \/(?:download\/)?[^/]+\/.+$/, ['objects.get']],
  // Asks for the time, without credentials.
  [/^HEAD \/$/, []],
];

const READING_RECORDS = ['firestore.BatchGetDocuments', 'firestore.RunQuery'];

/**
 * What Google’s own roles permit, of the gateway's possible requests
 * (https://cloud.google.com/iam/docs/roles-permissions).
 */
const GOOGLES_ROLES: Readonly<Record<string, readonly string[]>> = {
  'roles/storage.objectUser': ['create', 'delete', 'get', 'list', 'update'].map(
    (verb) => `storage.objects.${verb}`,
  ),
  'roles/datastore.viewer': READING_RECORDS,
  'roles/datastore.user': [...READING_RECORDS, 'firestore.Commit', 'firestore.BatchWrite'],
  'roles/cloudkms.signer': ['kms.AsymmetricSign'],
  'roles/cloudkms.publicKeyViewer': ['kms.GetPublicKey'],
  'roles/cloudkms.cryptoKeyEncrypter': ['kms.Encrypt'],
  'roles/cloudkms.cryptoKeyDecrypter': ['kms.Decrypt'],
  'roles/cloudkms.cryptoKeyEncrypterDecrypter': ['kms.Encrypt', 'kms.Decrypt'],
};

/** The rights that requests need: permissions of Cloud Storage, such as `storage.objects.get`, and methods of the others. */
export function rightsUsed({ storage, firestore, kms }: Asked): readonly string[] {
  const permissions = storage.flatMap((request) => {
    const known = PERMISSIONS.find(([pattern]) => pattern.test(request));
    return known?.[1] ?? [`whatever ${request} takes`];
  });
  const used = [
    ...permissions.map((each) => `storage.${each}`),
    ...firestore.map((method) => `firestore.${method}`),
    ...kms.map((method) => `kms.${method}`),
  ];
  return [...new Set(used)].toSorted();
}

/**
 * The rights, in the same words, of the roles that docs/operations.md lists for an account.
 *
 * @throws if one of its roles is neither Google’s nor described there
 */
export async function rightsGranted(account: string): Promise<readonly string[]> {
  const text = (await readFile(OPERATIONS, 'utf8')).replaceAll(/\s+/g, ' ');
  const row = new RegExp(`\\| \`${account}\` \\| [\\w ]+ \\| \`([\\w./]+)\` \\|`, 'g');
  return Array.from(text.matchAll(row), ([, role]) => String(role)).flatMap((role) => {
    const granted = GOOGLES_ROLES[role] ?? permissionsOfOurs(role, text);
    if (granted.length === 0) {
      throw new Error(`what ${role} permits is not known`);
    }
    return granted;
  });
}

function permissionsOfOurs(role: string, text: string): readonly string[] {
  const said = new RegExp(`\`${role}\` is ((?:\`[\\w.]+\`(?:, | and )?)+)`).exec(text)?.[1] ?? '';
  return Array.from(said.matchAll(/`([\w.]+)`/g), ([, each]) => String(each));
}
