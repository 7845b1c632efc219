import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { MAX_LIFE_DAYS } from '#awala/limits.ts';
import { RECORD_KINDS } from '#gateway/held/record-kinds.ts';
import { EXPIRY_FIELD } from '#record-store/firestore/documents.ts';
import type { Manifest } from './manifests.ts';
import { renderChart, renderEnvironment, runTemplate } from './rendering.ts';
import { ofKind } from './renderings.ts';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** Of kinds that Config Connector does not bring with it. */
const POLICIES_HERE = ['firestore.policies="configConnector"'];

const manifests = await renderEnvironment('production');
const members = ofKind(manifests, 'IAMPolicyMember');

describe('Google Cloud', () => {
  it('is nowhere public, and encrypted with our keys', () => {
    for (const member of members) {
      assert.doesNotMatch(member.text('spec', 'member'), /allUsers|allAuthenticatedUsers/);
    }
    const [bucket] = ofKind(manifests, 'StorageBucket');
    assert.equal(bucket?.text('spec', 'publicAccessPrevention'), 'enforced');
    assert.equal(bucket?.at('spec', 'uniformBucketLevelAccess'), true);
    assert.equal(bucket?.text('spec', 'encryption', 'kmsKeyRef', 'name'), 'storage');
    const [redis] = ofKind(manifests, 'RedisInstance');
    assert.match(
      redis?.text('spec', 'customerManagedKeyRef', 'external') ?? '',
      /cryptoKeys\/redis$/,
    );
    const [secret] = ofKind(manifests, 'SecretManagerSecret');
    const replicas = secret?.list('spec', 'replication', 'userManaged', 'replicas') ?? [];
    assert.deepEqual(
      replicas.map((each) => JSON.stringify(each)),
      ['{"location":"europe-west3","customerManagedEncryption":{"kmsKeyRef":{"name":"secrets"}}}'],
    );
    assert.equal(redis?.text('spec', 'transitEncryptionMode'), 'SERVER_AUTHENTICATION');
    assert.equal(redis?.at('spec', 'authEnabled'), true);
    assert.equal(redis?.text('spec', 'redisConfigs', 'maxmemory-policy'), 'noeviction');
  });

  it('is asked for nothing of a kind that Config Connector does not bring with it', () => {
    const alpha = manifests.filter((manifest) => /\/v\d+alpha/.test(manifest.text('apiVersion')));
    assert.deepEqual(
      alpha.map(({ kind }) => kind).filter((kind) => kind !== 'ScaledObject'),
      [],
    );
  });

  it('removes what expired, as awala-gateway provision would', async () => {
    const [bucket] = ofKind(manifests, 'StorageBucket');
    const rules = bucket?.list('spec', 'lifecycleRule').map((rule) => JSON.stringify(rule));
    assert.deepEqual(rules, [
      '{"action":{"type":"Delete"},"condition":{"daysSinceCustomTime":1}}',
      `{"action":{"type":"Delete"},"condition":{"age":${MAX_LIFE_DAYS}}}`,
      '{"action":{"type":"AbortIncompleteMultipartUpload"},"condition":{"age":1}}',
    ]);
    assert.equal(bucket?.at('spec', 'softDeletePolicy', 'retentionDurationSeconds'), 0);
    const fields = ofKind(await renderChart('google-cloud', POLICIES_HERE), 'FirestoreField');
    assert.deepEqual(
      fields.map((each) => each.text('spec', 'collectionGroup')),
      [...RECORD_KINDS],
    );
    assert.ok(fields.every((each) => each.text('spec', 'resourceID') === EXPIRY_FIELD));
    assert.deepEqual(ofKind(manifests, 'FirestoreField'), []);
    const commands = (await readFile(OPERATIONS, 'utf8')).matchAll(
      /^gcloud firestore fields ttls update (?<field>\w+) --collection-group=(?<kind>[\w-]+) /gm,
    );
    assert.deepEqual(
      Array.from(commands, ({ groups }) => [groups?.field, groups?.kind]),
      RECORD_KINDS.map((kind) => [EXPIRY_FIELD, kind]),
    );
  });

  it('uses no zero in the rules of the bucket, which not all of Config Connector passes on', async () => {
    for (const teardown of ['', 'awala-gateway-production']) {
      const rendered = await renderEnvironment('production', { AWALA_TEARDOWN: teardown });
      const [bucket] = ofKind(rendered, 'StorageBucket');
      const rules = JSON.stringify(bucket?.list('spec', 'lifecycleRule'));
      assert.doesNotMatch(rules, /:0[,}]/);
    }
  });

  it('names what is tied to a database after it, as it cannot be changed to another', async () => {
    const namesFor = async (database: string) => {
      const rendered = await renderChart('google-cloud', [
        ...POLICIES_HERE,
        `firestore.database="${database}"`,
      ]);
      return rendered
        .filter((each) => JSON.stringify(each.at('spec')).includes(`databases/${database}`))
        .map(({ kind, name }) => `${kind}/${name}`);
    };
    const [one, two] = [await namesFor('first'), await namesFor('second')];
    assert.equal(one.length, two.length);
    assert.ok(one.length > RECORD_KINDS.length + 5);
    assert.deepEqual(
      one.filter((name) => two.includes(name)),
      [],
    );
  });

  it('lets the health checks of the load balancers through to the operations port', () => {
    const [firewall, ...others] = ofKind(manifests, 'ComputeFirewall');
    assert.equal(others.length, 0);
    const ports = ofKind(manifests, 'HealthCheckPolicy').map((each) =>
      String(each.at('spec', 'default', 'config', 'httpHealthCheck', 'port')),
    );
    assert.deepEqual([...new Set(ports)], firewall?.at('spec', 'allow', 0, 'ports'));
  });

  it('keeps the identity in hardware, unrotated, and rotates the keys that encrypt', () => {
    for (const key of ofKind(manifests, 'KMSCryptoKey')) {
      assert.equal(key.text('spec', 'versionTemplate', 'protectionLevel'), 'HSM');
      assert.equal(key.text('spec', 'destroyScheduledDuration'), '2592000s');
      assert.equal(key.text('spec', 'rotationPeriod') === '', key.name === 'identity');
    }
  });

  it('loses nothing when the release is removed, unless protection is lifted', async () => {
    const lasting = [
      'KMSCryptoKey',
      'KMSKeyRing',
      'StorageBucket',
      'FirestoreField',
      'ComputeAddress',
      'DNSManagedZone',
    ];
    const policies = (of: readonly Manifest[]) =>
      of
        .filter(({ kind }) => lasting.includes(kind))
        .map((each) => [
          each.text('metadata', 'annotations', 'cnrm.cloud.google.com/deletion-policy'),
          each.text('metadata', 'annotations', 'helm.sh/resource-policy'),
        ]);
    const policiesHere = await renderChart('google-cloud', POLICIES_HERE);
    for (const rendered of [manifests, policiesHere]) {
      assert.deepEqual([...new Set(policies(rendered).map(String))], ['abandon,keep']);
    }
    const unprotected = await renderChart('google-cloud', [
      ...POLICIES_HERE,
      'deletionProtection=false',
    ]);
    assert.deepEqual([...new Set(policies(unprotected).map(String))], ['delete,']);
  });

  it('is taken down only by who names the project', async () => {
    const attempt = (confirm: string, isProtected: boolean) =>
      runTemplate('google-cloud', [
        `deletionProtection=${isProtected}`,
        `teardown={"enabled":true,"confirm":"${confirm}"}`,
      ]);
    assert.match((await attempt('', false)).stderr, /teardown\.confirm must be "project-one"/);
    assert.match((await attempt('project-two', false)).stderr, /teardown\.confirm must be/);
    assert.match((await attempt('project-one', true)).stderr, /needs deletionProtection: false/);
    assert.equal((await attempt('project-one', false)).code, 0);
  });

  it('empties the bucket by its lifecycle when it is taken down', async () => {
    const taken = await renderEnvironment('production', {
      AWALA_TEARDOWN: 'awala-gateway-production',
    });
    const [bucket] = ofKind(taken, 'StorageBucket');
    const names = ofKind(taken, 'DNSRecordSet').map((each) => each.text('spec', 'type'));
    assert.deepEqual(names, ['CAA']);
    assert.equal(bucket?.at('spec', 'lifecycleRule', 1, 'condition', 'age'), 1);
    assert.equal(
      bucket?.text('metadata', 'annotations', 'cnrm.cloud.google.com/force-destroy'),
      'false',
    );
    await assert.rejects(
      renderEnvironment('production', { AWALA_TEARDOWN: 'another' }),
      /teardown\.confirm/,
    );
  });
});
