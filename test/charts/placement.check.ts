import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Manifest, Manifest as Part } from './manifests.ts';
import { PLACED } from './matrix.ts';
import { renderChart } from './rendering.ts';
import { ofKind } from './renderings.ts';

const manifests = await renderChart('awala-gateway', PLACED);
const usual = await renderChart('awala-gateway');

const SERVICES = ['poweb', 'pohttp', 'cogrpc', 'collection', 'collection-balancer', 'workers'];

const of = (kind: string, component: string): Manifest =>
  ofKind(manifests, kind).find((each) => each.component === component) ?? assert.fail(component);
const podOf = (component: string) => of('Deployment', component).pod ?? assert.fail(component);
const containerOf = (pod: Manifest) => new Part(pod.list('containers')[0] ?? {});
const annotationsOf = (manifest: Manifest, ...path: readonly string[]) =>
  manifest.at(...path, 'metadata', 'annotations');

describe('what operators add to pods, accounts and Services', () => {
  it('holds for every pod, those of jobs and of helm test included', () => {
    const pods = manifests.flatMap(({ pod }) => pod ?? []);
    assert.ok(pods.length >= SERVICES.length + 3);
    for (const pod of pods) {
      assert.equal(pod.list('tolerations')[0]?.key, 'gateway', pod.text('serviceAccountName'));
      assert.match(pod.text('nodeSelector', 'example.org/pool'), /^(?:gateway|edge)$/);
      assert.match(pod.text('nodeSelector', 'kubernetes.io/arch'), /^(?:arm64|amd64)$/);
      assert.notEqual(pod.at('affinity'), null);
    }
  });

  it('is told to every container, before what is its own', () => {
    for (const component of SERVICES) {
      const container = containerOf(podOf(component));
      const names = container.list('env').map(({ name }) => name);
      assert.ok(names.includes('NODE_OPTIONS'), component);
      assert.equal(container.text('envFrom', 0, 'configMapRef', 'name'), 'everywhere');
    }
    const poweb = containerOf(podOf('poweb'));
    assert.equal(poweb.list('env').at(-1)?.name, 'ZONE');
    assert.equal(poweb.text('envFrom', 1, 'secretRef', 'name'), 'poweb');
    const [job] = ofKind(manifests, 'Job');
    const ofJob = containerOf(job?.pod ?? assert.fail());
    assert.deepEqual(
      ofJob
        .list('env')
        .map(({ name }) => name)
        .slice(-2),
      ['NODE_OPTIONS', 'HTTPS_PROXY'],
    );
  });

  it('is a service’s own where it has its own', () => {
    const [poweb, pohttp] = [podOf('poweb'), podOf('pohttp')];
    assert.deepEqual(poweb.at('nodeSelector'), {
      'example.org/pool': 'gateway',
      'kubernetes.io/arch': 'amd64',
    });
    assert.deepEqual(
      poweb.list('tolerations').map(({ key }) => key),
      ['gateway', 'poweb'],
    );
    assert.deepEqual(poweb.at('affinity'), { nodeAffinity: {} });
    assert.equal(pohttp.text('nodeSelector', 'kubernetes.io/arch'), 'arm64');
    assert.notEqual(pohttp.at('affinity', 'podAntiAffinity'), null);
    assert.equal(podOf('collection-balancer').text('nodeSelector', 'example.org/pool'), 'edge');
  });

  it('are annotations of pods, of accounts but that of helm test, and of Services', () => {
    const team = (component: string) =>
      new Part({
        found: annotationsOf(of('Deployment', component), 'spec', 'template') ?? {},
      }).text('found', 'example.org/team');
    assert.deepEqual(SERVICES.map(team), ['phones', ...SERVICES.slice(1).map(() => 'relay')]);
    const role = (component: string) =>
      of('ServiceAccount', component).text('metadata', 'annotations', 'example.org/role');
    assert.deepEqual(SERVICES.map(role), ['poweb', ...SERVICES.slice(1).map(() => 'none')]);
    assert.equal(role('keys'), 'none');
    assert.equal(role('ping'), '');
    assert.match(
      of('ServiceAccount', 'poweb').text(
        'metadata',
        'annotations',
        'iam.gke.io/gcp-service-account',
      ),
      /^awala-poweb@/,
    );
    const mesh = (component: string) =>
      of('Service', component).text('metadata', 'annotations', 'example.org/mesh');
    assert.deepEqual(['poweb', 'pohttp', 'cogrpc', 'collection-balancer'].map(mesh), [
      'on',
      'off',
      'off',
      'edge',
    ]);
  });

  it('are types of Services, which stay inside the cluster otherwise', () => {
    assert.equal(of('Service', 'poweb').text('spec', 'type'), 'NodePort');
    assert.equal(of('Service', 'pohttp').text('spec', 'type'), 'ClusterIP');
    for (const service of ofKind(usual, 'Service')) {
      assert.equal(service.text('spec', 'type'), 'ClusterIP', service.name);
    }
  });

  it('is nothing unless they do', () => {
    for (const { pod } of usual) {
      for (const name of ['nodeSelector', 'tolerations', 'affinity']) {
        assert.equal(pod?.at(name) ?? null, null);
      }
    }
  });

  it('makes another Job of one that ends, as a Job cannot be changed', async () => {
    const nameWith = async (values: readonly string[]) =>
      ofKind(await renderChart('awala-gateway', values), 'Job')[0]?.name;
    const name = await nameWith([]);
    assert.notEqual(await nameWith(['common.podAnnotations={"a":"b"}']), name);
    assert.notEqual(await nameWith(['jobs.nodeSelector={"a":"b"}']), name);
    assert.equal(await nameWith(['services.poweb.podAnnotations={"a":"b"}']), name);
  });
});
