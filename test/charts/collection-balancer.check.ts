import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { listVariables } from '#runtime/configuration/configuration.ts';
import { COLLECTION_SERVICE_VARIABLES } from '#services/collection/config.ts';
import { Manifest as Part } from './manifests.ts';
import { renderChart, renderEnvironment } from './rendering.ts';
import { ofKind } from './renderings.ts';

const ROOT = new URL('../../', import.meta.url);
const NAME = 'collection-balancer';
const HOUR_S = 3_600;
/** Until processes notice that a load balancer ends, and have moved who came by it. */
const MOVING_S = 5 + 30 + 8;

const manifests = await renderEnvironment('production');
const of = (kind: string, rendered = manifests) =>
  ofKind(rendered, kind).find(({ component }) => component === NAME) ?? assert.fail(kind);
const deployment = of('Deployment');
const container = new Part(deployment.pod?.list('containers')[0] ?? {});
const environment = Object.fromEntries(
  container.list('env').map(({ name, value }) => [String(name), String(value)]),
);

describe('the load balancers of collection', () => {
  it('are what docs/operations/haproxy.cfg is, whole', async () => {
    const documented = await readFile(new URL('docs/operations/haproxy.cfg', ROOT), 'utf8');
    const chart = await readFile(new URL('charts/awala-gateway/files/haproxy.cfg', ROOT), 'utf8');
    assert.equal(chart, documented, 'copy the first over the second');
    assert.equal(of('ConfigMap').text('data', 'haproxy.cfg').trim(), documented.trim());
  });

  it('are told nothing that the file does not read', async () => {
    const text = await readFile(new URL('docs/operations/haproxy.cfg', ROOT), 'utf8');
    for (const name of Object.keys(environment)) {
      assert.ok(text.includes(`\${${name}`) || text.includes(`defined(${name})`), name);
    }
  });

  it('are several, spread, scaled, and shown one at a time to evictions', () => {
    assert.ok(Number(of('HorizontalPodAutoscaler').at('spec', 'minReplicas')) >= 3);
    assert.equal(of('PodDisruptionBudget').at('spec', 'maxUnavailable'), 1);
    assert.equal(deployment.pod?.list('topologySpreadConstraints').length, 2);
    assert.equal(deployment.at('spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), 0);
  });

  it('find every pod of collection by a name, also while it starts or ends', () => {
    const pods = ofKind(manifests, 'Service').find(({ name }) => name === 'awala-collection-pods');
    assert.equal(pods?.text('spec', 'clusterIP'), 'None');
    assert.equal(pods?.at('spec', 'publishNotReadyAddresses'), true);
    assert.equal(pods?.text('spec', 'selector', 'app.kubernetes.io/component'), 'collection');
    assert.equal(environment.COLLECTION_PODS, 'awala-collection-pods.awala.svc.cluster.local:8083');
    const most = ofKind(manifests, 'HorizontalPodAutoscaler').find(
      ({ component }) => component === 'collection',
    );
    const surge = 1.34 * Number(most?.at('spec', 'maxReplicas'));
    assert.ok(Number(environment.MOST_PODS) >= surge);
  });

  it('ask where pods answer', () => {
    const collection = ofKind(manifests, 'Deployment').find(
      ({ component }) => component === 'collection',
    );
    const ofCollection = new Part(collection?.pod?.list('containers')[0] ?? {});
    const ports = Object.fromEntries(
      ofCollection.list('ports').map(({ name, containerPort }) => [name, String(containerPort)]),
    );
    assert.equal(environment.COLLECTION_AGENT, ports.agent);
    assert.equal(environment.COLLECTION_OPERATIONS, ports.operations);
    const told = ofCollection.list('env').find(({ name }) => name === 'COLLECTION_AGENT_PORT');
    assert.equal(told?.value, ports.agent);
    const variable = listVariables(COLLECTION_SERVICE_VARIABLES).find(
      ({ name }) => name === 'COLLECTION_AGENT_PORT',
    );
    assert.equal(variable?.defaultText, ports.agent);
  });

  it('have hours, and longer to end than it takes to move whom they hold', () => {
    assert.ok(Number.parseInt(environment.COLLECTION_TIMEOUT ?? '', 10) >= 2 * HOUR_S);
    const drainS = Number.parseInt(environment.DRAIN_TIMEOUT ?? '', 10);
    assert.ok(drainS > MOVING_S);
    const policy = ofKind(manifests, 'GCPBackendPolicy').find(
      ({ component }) => component === NAME,
    );
    const lingerS = Number(container.at('lifecycle', 'preStop', 'sleep', 'seconds'));
    const draining = policy?.at('spec', 'default', 'connectionDraining', 'drainingTimeoutSec');
    assert.ok(Number(draining) >= lingerS + drainS);
    assert.ok(Number(deployment.pod?.at('terminationGracePeriodSeconds')) > lingerS + drainS);
  });

  it('are the only way to collection', () => {
    const policy = ofKind(manifests, 'NetworkPolicy').find(
      ({ component }) => component === 'collection',
    );
    const serving = (policy?.list('spec', 'ingress') ?? [])
      .map((each) => new Part(each))
      .filter((each) => each.list('ports').some(({ port }) => port === 'serving'));
    assert.equal(serving.length, 1);
    assert.deepEqual(
      serving[0]
        ?.list('from')
        .map((each) =>
          new Part(each).text('podSelector', 'matchLabels', 'app.kubernetes.io/component'),
        ),
      [NAME],
    );
    assert.equal(
      ofKind(manifests, 'Service').some(({ name }) => name === 'awala-collection'),
      false,
    );
  });

  it('are on in staging too, and off by a value', async () => {
    assert.ok(of('Deployment', await renderEnvironment('staging')));
    const without = await renderChart('awala-gateway', ['collectionBalancer.enabled=false']);
    assert.deepEqual(
      without.filter(({ component }) => component.startsWith('collection-')),
      [],
    );
    const names = ofKind(without, 'Service').map(({ name }) => name);
    assert.ok(names.includes('awala-collection'));
  });

  it('have no rights', () => {
    const account = of('ServiceAccount');
    assert.equal(account.at('metadata', 'annotations'), null);
    assert.equal(deployment.pod?.text('serviceAccountName'), account.name);
  });
});
