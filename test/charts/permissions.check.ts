import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { Manifest } from './manifests.ts';
import { renderEnvironment } from './rendering.ts';
import { ofKind } from './renderings.ts';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

const manifests = await renderEnvironment('production');
const members = ofKind(manifests, 'IAMPolicyMember');

const RESOURCES: Readonly<Record<string, string>> = {
  StorageBucket: 'bucket',
  Project: 'database',
  SecretManagerSecret: 'secret',
};

/** `account: role on resource`, as the table in docs/operations.md has it. */
function granted(member: Manifest): string {
  const account = member.text('spec', 'memberFrom', 'serviceAccountRef', 'name');
  const kind = member.text('spec', 'resourceRef', 'kind');
  const on = RESOURCES[kind] ?? `key ${member.text('spec', 'resourceRef', 'name')}`;
  const role = member.text('spec', 'role').replace(/^projects\/[^/]+\/roles\//, '');
  return `${account}: ${role} on ${on}`;
}

async function readTable(): Promise<readonly string[]> {
  const text = await readFile(OPERATIONS, 'utf8');
  const rows = text.matchAll(
    /^\| `(?<account>awala-\w+)` \| (?<on>[\w ]+) \| `(?<role>[\w./]+)` \|/gm,
  );
  return Array.from(rows, ({ groups }) => `${groups?.account}: ${groups?.role} on ${groups?.on}`);
}

describe('the service accounts', () => {
  const grants = members
    .filter((each) => each.at('spec', 'memberFrom') !== null)
    .map(granted)
    .toSorted();

  it('have the roles of the table in docs/operations.md, and no other', async () => {
    assert.deepEqual(grants, (await readTable()).toSorted());
    assert.ok(grants.length > 20);
  });

  it('are the only ones that are given roles, besides the agents of Google that use one key each', () => {
    const others = members
      .filter((each) => each.at('spec', 'memberFrom') === null)
      .map((each) =>
        ['member', 'role']
          .map((name) => each.text('spec', name))
          .concat(granted(each))
          .join(' '),
      )
      .filter(
        (each) =>
          !(
            /^serviceAccount:\S+\.svc\.id\.goog\[\S+\] roles\/iam\.workloadIdentityUser /.test(
              each,
            ) ||
            /^serviceAccount:service-\d+@\S+ roles\/cloudkms\.cryptoKeyEncrypterDecrypter .* on key (?:storage|firestore|redis|secrets)$/.test(
              each,
            )
          ),
      );
    assert.deepEqual(others, []);
    const granting = manifests.filter(({ kind }) => /^IAM|AccessControl|PolicyBinding/.test(kind));
    assert.deepEqual([...new Set(granting.map(({ kind }) => kind))].toSorted(), [
      'IAMCustomRole',
      'IAMPolicyMember',
      'IAMServiceAccount',
    ]);
  });

  it('have roles of our own with the permissions that docs/operations.md says', async () => {
    const text = (await readFile(OPERATIONS, 'utf8')).replaceAll('\n', ' ');
    const roles = ofKind(manifests, 'IAMCustomRole').map((role) => {
      const permissions = role.at('spec', 'permissions');
      return [
        role.text('spec', 'resourceID'),
        (Array.isArray(permissions) ? permissions : []).map(String).toSorted(),
      ] as const;
    });
    const documented = Array.from(
      text.matchAll(/`(?<role>awala\w+)` is (?<permissions>(?:`[\w.]+`(?:, | and )?)+)/g),
      ({ groups }) =>
        [
          String(groups?.role),
          Array.from(String(groups?.permissions).matchAll(/`(storage\.\w+\.\w+)`/g), (each) =>
            String(each[1]),
          ).toSorted(),
        ] as const,
    );
    assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(roles));
    assert.deepEqual(Object.fromEntries(roles), {
      awalaParcelWriter: [
        'storage.objects.create',
        'storage.objects.delete',
        'storage.objects.list',
      ],
      awalaParcelCollector: [
        'storage.objects.delete',
        'storage.objects.get',
        'storage.objects.list',
      ],
      awalaBucketViewer: ['storage.buckets.get'],
    });
  });

  const having = (pattern: RegExp) => [
    ...new Set(grants.filter((each) => pattern.test(each)).map((each) => each.split(':')[0])),
  ];

  it('sign only where something is to be signed', () => {
    assert.deepEqual(having(/cloudkms\.signer/), [
      'awala-cogrpc',
      'awala-keys',
      'awala-poweb',
      'awala-workers',
    ]);
  });

  it('read no parcel where parcels are only written', () => {
    for (const account of ['awala-poweb', 'awala-pohttp']) {
      const onBucket = grants.filter(
        (each) => each.startsWith(`${account}:`) && each.endsWith('on bucket'),
      );
      assert.deepEqual(onBucket, [`${account}: awalaParcelWriter on bucket`]);
    }
  });

  it('open sealed keys only where cargo is read', () => {
    assert.deepEqual(having(/Decrypter/), ['awala-cogrpc', 'awala-workers']);
  });

  it('belong to one Kubernetes account each', () => {
    const pods = ofKind(manifests, 'ServiceAccount');
    for (const account of ofKind(manifests, 'IAMServiceAccount')) {
      const service = account.name.replace('awala-', '');
      const binding = members.find(({ name }) => name === `${account.name}-pods`);
      assert.match(
        binding?.text('spec', 'member') ?? '',
        new RegExp(`\\[awala/awala-${service}\\]$`),
      );
      const annotation = pods
        .find(({ name }) => name === `awala-${service}`)
        ?.text('metadata', 'annotations', 'iam.gke.io/gcp-service-account');
      assert.ok(annotation?.startsWith(`${account.name}@`), account.name);
    }
  });

  it('reach one database only', () => {
    for (const member of members.filter((each) => granted(each).endsWith('on database'))) {
      assert.match(member.text('spec', 'condition', 'expression'), /databases\/awala"$/);
    }
  });
});
