import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Manifest } from './manifests.ts';
import { MATRIX } from './matrix.ts';
import { renderChart, renderEnvironment } from './rendering.ts';
import { ofKind } from './renderings.ts';

const ROOT = new URL('../../', import.meta.url);

/** The role that makes, changes and deletes each kind, and grants roles on it. */
const ROLES: Readonly<Record<string, string>> = {
  CertificateManagerCertificate: 'roles/certificatemanager.owner',
  CertificateManagerCertificateMap: 'roles/certificatemanager.owner',
  CertificateManagerCertificateMapEntry: 'roles/certificatemanager.owner',
  ComputeAddress: 'roles/compute.networkAdmin',
  ComputeFirewall: 'roles/compute.securityAdmin',
  ComputeSSLPolicy: 'roles/compute.securityAdmin',
  DNSManagedZone: 'roles/dns.admin',
  DNSRecordSet: 'roles/dns.admin',
  IAMCustomRole: 'roles/iam.roleAdmin',
  IAMServiceAccount: 'roles/iam.serviceAccountAdmin',
  KMSCryptoKey: 'roles/cloudkms.admin',
  KMSKeyRing: 'roles/cloudkms.admin',
  LoggingLogMetric: 'roles/logging.configWriter',
  MonitoringAlertPolicy: 'roles/monitoring.editor',
  MonitoringNotificationChannel: 'roles/monitoring.editor',
  MonitoringUptimeCheckConfig: 'roles/monitoring.editor',
  Project: 'roles/resourcemanager.projectIamAdmin',
  RedisInstance: 'roles/redis.admin',
  SecretManagerSecret: 'roles/secretmanager.admin',
  StorageBucket: 'roles/storage.admin',
};

/** Kinds that are made only where operators say so. */
const ON_DEMAND = ['FirestoreBackupSchedule', 'FirestoreDatabase', 'FirestoreField'];

const operations = await readFile(new URL('docs/operations.md', ROOT), 'utf8');
const manifests = await renderEnvironment('production');

/** What is made, and what roles are granted on. */
function kindsIn(rendered: readonly Manifest[]): readonly string[] {
  const made = rendered.filter((each) =>
    each.text('apiVersion').includes('.cnrm.cloud.google.com/'),
  );
  const kinds = made.map((each) =>
    each.kind === 'IAMPolicyMember' ? each.text('spec', 'resourceRef', 'kind') : each.kind,
  );
  return [...new Set(kinds)].toSorted();
}

describe('Config Connector', () => {
  it('is granted a role for each kind that it makes, and no other', () => {
    const kinds = kindsIn(manifests);
    assert.deepEqual(kinds, Object.keys(ROLES).toSorted());
    const granted = Array.from(
      operations.matchAll(
        /^gcloud projects add-iam-policy-binding \$PROJECT --member=serviceAccount:config-connector@\S+ --role=(?<role>\S+) /gm,
      ),
      ({ groups }) => String(groups?.role),
    );
    assert.deepEqual(granted.toSorted(), [...new Set(Object.values(ROLES))].toSorted());
  });

  it('may grant in the project what services have there, and no more', async () => {
    const path = new URL('docs/operations/config-connector-grants.yaml', ROOT);
    const { expression } = parse(await readFile(path, 'utf8'));
    const inProject = ofKind(manifests, 'IAMPolicyMember')
      .filter((each) => each.text('spec', 'resourceRef', 'kind') === 'Project')
      .map((each) => each.text('spec', 'role'));
    const roles = [...new Set(inProject)].toSorted().map((role) => `'${role}'`);
    assert.equal(
      expression,
      `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${roles.join(', ')}])`,
    );
    const [line = '', ...others] = operations
      .split('\n')
      .filter((each) => each.includes('--role=roles/resourcemanager.projectIamAdmin'));
    assert.equal(others.length, 0);
    assert.match(line, / --condition-from-file=docs\/operations\/config-connector-grants\.yaml$/);
  });

  it('makes nothing else however the chart is set, but on Firestore, of which the page says so', async () => {
    for (const { name, chart, values } of MATRIX.filter((each) => each.chart === 'google-cloud')) {
      const unknown = kindsIn(await renderChart(chart, values)).filter(
        (kind) => !(kind in ROLES) && !ON_DEMAND.includes(kind),
      );
      assert.deepEqual(unknown, [], name);
    }
    assert.match(operations, /it also needs `roles\/datastore\.owner`/);
  });
});
