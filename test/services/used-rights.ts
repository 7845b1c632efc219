import { readFile } from 'node:fs/promises';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** Of the JSON API of Cloud Storage, and of its downloads, in the order in which they are tried. */
const PERMISSIONS: readonly (readonly [RegExp, readonly string[]])[] = [
  // Without a condition it may replace an object, which takes the right to delete it.
  [/^(?:POST|PUT) \/upload\/storage\/v1\/b\/[^/]+\/o\?/, ['objects.create', 'objects.delete']],
  [/^GET \/storage\/v1\/b\/[^/]+\/o(?:\?|$)/, ['objects.list']],
  [/^GET \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.get']],
  [/^DELETE \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.delete']],
  [/^(?:PATCH|PUT) \/storage\/v1\/b\/[^/]+\/o\/[^/]+$/, ['objects.update']],
  [/^GET \/storage\/v1\/b\/[^/?]+(?:\?|$)/, ['buckets.get']],
  [/^GET \/(?:download\/)?[^/]+\/.+$/, ['objects.get']],
];

/**
 * What requests to a bucket take, as `storage.objects.get`.
 *
 * @param requests - `METHOD /path?query` each
 */
export function permissionsUsed(requests: readonly string[]): readonly string[] {
  const used = requests.flatMap((request) => {
    const known = PERMISSIONS.find(([pattern]) => pattern.test(request));
    return known?.[1] ?? [`whatever ${request} takes`];
  });
  return [...new Set(used.map((each) => `storage.${each}`))].toSorted();
}

/** What the role that docs/operations.md has for a service on the bucket permits. */
export async function permissionsGranted(account: string): Promise<readonly string[]> {
  const text = (await readFile(OPERATIONS, 'utf8')).replaceAll(/\s+/g, ' ');
  const role = new RegExp(`\\| \`${account}\` \\| bucket \\| \`(\\w+)\` \\|`).exec(text)?.[1];
  const permissions = new RegExp(`\`${role}\` is ((?:\`[\\w.]+\`(?:, | and )?)+)`).exec(text)?.[1];
  return Array.from((permissions ?? '').matchAll(/`([\w.]+)`/g), ([, each]) =>
    String(each),
  ).toSorted();
}

/** Whether the role that docs/operations.md has for a service on the database is for reading only. */
export async function mayOnlyReadRecords(account: string): Promise<boolean> {
  const text = await readFile(OPERATIONS, 'utf8');
  return text.includes(`| \`${account}\` | database | \`roles/datastore.viewer\` |`);
}
