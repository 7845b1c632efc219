import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { ProcessMetrics } from '#runtime/metrics.ts';
import { Manifest as Part } from './manifests.ts';
import { MATRIX } from './matrix.ts';
import { renderChart, renderEnvironment } from './rendering.ts';
import { ofKind } from './renderings.ts';

const ON_DEMAND =
  MATRIX.find(({ name }) => name === 'couriers served on demand')?.values ??
  assert.fail('the matrix has no couriers on demand');

const RUNBOOK = new URL('../../docs/runbook.md', import.meta.url);

/** Those that a process asks for only in a service that runs, by the names in its source. */
const OBSERVED = [
  ['../../libs/composition/operations.ts', 'backing_ready'],
  ['../../libs/composition/process-parts.ts', 'clock_in_doubt'],
  ['../../services/workers/work-metrics.ts', 'queue_jobs'],
  ['../../services/workers/work-metrics.ts', 'queue_oldest_due_seconds'],
  ['../../services/workers/work-metrics.ts', 'jobs_set_aside'],
  ['../../services/workers/work-metrics.ts', 'certificate_seconds_left'],
  ['../../services/workers/work-metrics.ts', 'held_index_incomplete_parts'],
  ['../../services/workers/held-metrics.ts', 'held_objects'],
  ['../../services/workers/held-metrics.ts', 'held_oldest_seconds'],
] as const;

/** Of HAProxy's own exporter. */
const OF_HAPROXY = ['haproxy_backend_active_servers', 'haproxy_frontend_current_sessions'];

async function listMetrics(): Promise<ReadonlySet<string>> {
  const { text } = await new ProcessMetrics().expose();
  const own = Array.from(text.matchAll(/^# TYPE (?<name>\w+) (?<type>\w+)$/gm), ({ groups }) =>
    groups?.type === 'histogram'
      ? ['_bucket', '_count', '_sum'].map((part) => `${groups?.name}${part}`)
      : [String(groups?.name)],
  ).flat();
  const names = [...own, ...OF_HAPROXY];
  for (const [path, name] of OBSERVED) {
    const source = await readFile(new URL(path, import.meta.url), 'utf8');
    assert.ok(source.includes(`'${name}'`), `${path} shows no ${name}`);
    names.push(`awala_${name}`);
  }
  return new Set(names);
}

const metrics = await listMetrics();
const metricsIn = (expression: string) =>
  expression.match(/\b(?:awala|haproxy|nodejs|process)_\w+/g) ?? [];

const manifests = await renderEnvironment('production');
const alertsIn = (rendered: readonly Part[]) =>
  ofKind(rendered, 'Rules')
    .flatMap((rules) => rules.list('spec', 'groups'))
    .flatMap((group) => new Part(group).list('rules'))
    .map((rule) => new Part(rule));
const alerts = alertsIn(manifests);
const policies = ofKind(manifests, 'MonitoringAlertPolicy');

describe('the alerts', () => {
  it('miss each service that is meant to run always, and none that runs on demand', async () => {
    const expected: readonly (readonly [readonly string[], string])[] = [
      [[], 'cogrpc|collection|pohttp|poweb|workers'],
      [ON_DEMAND, 'collection|pohttp|poweb|workers'],
      [['services.cogrpc.enabled=false'], 'collection|pohttp|poweb|workers'],
    ];
    for (const [values, services] of expected) {
      const rendered = await renderChart('awala-gateway', values);
      const absent = alertsIn(rendered).find((each) => each.text('alert') === 'AwalaServiceAbsent');
      assert.equal(/service=~"([^"]+)"/.exec(absent?.text('expr') ?? '')?.[1], services);
    }
  });

  it('cover what can go wrong', () => {
    const names = alerts.map((alert) => alert.text('alert'));
    for (const name of [
      'AwalaRequestsFail',
      'AwalaOverloaded',
      'AwalaOverShare',
      'AwalaQueueBehind',
      'AwalaQueueOld',
      'AwalaJobsSetAside',
      'AwalaCollectorsDropped',
      'AwalaCollectionSlow',
      'AwalaCollectionUnreachable',
      'AwalaCollectionUneven',
      'AwalaCertificateExpires',
      'AwalaClockInDoubt',
      'AwalaDescriptorsShort',
      'AwalaKeyVaultFails',
      'AwalaLedgerOpen',
    ]) {
      assert.ok(names.includes(name), name);
    }
  });

  it('look at metrics that there are', () => {
    for (const alert of alerts) {
      const used = metricsIn(alert.text('expr'));
      assert.ok(used.length > 0, alert.text('alert'));
      assert.deepEqual(
        used.filter((name) => !metrics.has(name)),
        [],
        alert.text('alert'),
      );
    }
  });

  it('have an entry in the runbook each, and the runbook has no other', async () => {
    const text = await readFile(RUNBOOK, 'utf8');
    const entries = Array.from(text.matchAll(/^## (?<name>Awala\w+)$/gm), ({ groups }) =>
      String(groups?.name),
    );
    const linked = [
      ...alerts.map((alert) => alert.text('annotations', 'runbook_url')),
      ...policies.map((policy) => policy.text('spec', 'documentation', 'content')),
    ].map((url) => url.split('#')[1]);
    assert.deepEqual(linked.toSorted(), entries.map((entry) => entry.toLowerCase()).toSorted());
    for (const entry of entries) {
      const section = text.split(`## ${entry}\n`)[1]?.split('\n## ')[0] ?? '';
      assert.match(section, /\*\*Means\*\*/, entry);
      assert.match(section, /\*\*Do\*\*/, entry);
    }
  });

  it('are the same for the Prometheus operator', async () => {
    const others = ofKind(
      await renderChart('awala-gateway', ['monitoring.kind="operator"']),
      'PrometheusRule',
    )
      .flatMap((rules) => rules.list('spec', 'groups'))
      .flatMap((group) => new Part(group).list('rules'));
    assert.deepEqual(
      others.map(({ expr }) => expr),
      alerts.map((alert) => alert.at('expr')),
    );
  });
});

describe('the dashboard', () => {
  it('is JSON that shows metrics that there are', () => {
    const map = ofKind(manifests, 'ConfigMap').find(({ name }) => name === 'awala-dashboard');
    const dashboard = new Part(JSON.parse(map?.text('data', 'awala-gateway.json') ?? ''));
    const expressions = dashboard
      .list('panels')
      .flatMap((panel) => new Part(panel).list('targets'))
      .map(({ expr }) => String(expr));
    assert.ok(expressions.length > 15);
    for (const expression of expressions) {
      const used = metricsIn(expression);
      assert.ok(used.length > 0, expression);
      assert.deepEqual(
        used.filter((name) => !metrics.has(name)),
        [],
      );
    }
  });
});

describe('the scraping', () => {
  it('reads /metrics on the operations port of every service', () => {
    const [monitoring] = ofKind(manifests, 'PodMonitoring');
    assert.equal(monitoring?.text('spec', 'endpoints', 0, 'port'), 'operations');
    assert.equal(monitoring?.text('spec', 'endpoints', 0, 'path'), '/metrics');
  });
});
