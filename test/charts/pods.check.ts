import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type Manifest, Manifest as Part } from './manifests.ts';
import { DIGEST, REVISION, renderChart, renderEnvironment } from './rendering.ts';
import { complaints, ofKind, type Rendering, renderAll } from './renderings.ts';

const renderings: readonly Rendering[] = await renderAll();

interface Container {
  readonly of: Manifest;
  readonly pod: Manifest;
  readonly container: Manifest;
}

function containersOf(manifests: readonly Manifest[]): readonly Container[] {
  return manifests.flatMap((of) => {
    const { pod } = of;
    const containers = pod ? [...pod.list('containers'), ...pod.list('initContainers')] : [];
    return containers.map((each) => ({ of, pod: pod ?? of, container: new Part(each) }));
  });
}

/** A complaint for each container of which `isFine` does not hold. */
function checkContainers(isFine: (each: Container) => boolean): readonly string[] {
  return complaints(renderings, (manifests) =>
    containersOf(manifests)
      .filter((each) => !isFine(each))
      .map(({ of, container }) => `${of.kind} ${of.name}, ${container.text('name')}`),
  );
}

describe('every pod', () => {
  it('is there to be looked at', () => {
    for (const { name, manifests } of renderings) {
      if (!name.startsWith('google-cloud')) {
        assert.ok(containersOf(manifests).length >= 7, name);
      }
    }
  });

  it('runs as an ordinary user without a way to become more', () => {
    const found = checkContainers(({ pod, container }) => {
      const security = (name: string) => container.at('securityContext', name);
      return (
        pod.at('securityContext', 'runAsNonRoot') === true &&
        Number(pod.at('securityContext', 'runAsUser')) > 0 &&
        pod.text('securityContext', 'seccompProfile', 'type') === 'RuntimeDefault' &&
        security('allowPrivilegeEscalation') === false &&
        security('readOnlyRootFilesystem') === true &&
        container.text('securityContext', 'capabilities', 'drop', 0) === 'ALL' &&
        // What a container says of itself goes before what its pod says.
        ['add', 'drop'].flatMap((name) => container.list('securityContext', 'capabilities', name))
          .length === 1 &&
        security('runAsNonRoot') !== false &&
        Number(security('runAsUser') ?? 1) > 0 &&
        security('privileged') !== true &&
        security('procMount') === null &&
        security('seccompProfile') === null
      );
    });
    assert.deepEqual(found, []);
  });

  it('shares nothing with the machine that it runs on', () => {
    const found = checkContainers(
      ({ pod, container }) =>
        ['hostNetwork', 'hostPID', 'hostIPC'].every((name) => pod.at(name) !== true) &&
        pod.list('volumes').every((volume) => !('hostPath' in volume)) &&
        container.list('ports').every((port) => !('hostPort' in port)),
    );
    assert.deepEqual(found, []);
  });

  it('is an account that is there: that of its service, and that of the keys for jobs', () => {
    const found = complaints(renderings, (manifests) => {
      const accounts = ofKind(manifests, 'ServiceAccount').map(({ name }) => name);
      return containersOf(manifests)
        .filter(({ container }) => container.text('image').includes('/awala-gateway@'))
        .filter(({ of, pod }) => {
          const isJob = of.kind === 'Job' || of.kind === 'CronJob';
          const account = pod.text('serviceAccountName');
          return (
            account !== `awala-${isJob ? 'keys' : of.component}` || !accounts.includes(account)
          );
        })
        .map(({ of, pod }) => `${of.kind} ${of.name} is ${pod.text('serviceAccountName')}`);
    });
    assert.deepEqual(found, []);
  });

  it('holds no token of Kubernetes', () => {
    const found = checkContainers(({ pod }) => pod.at('automountServiceAccountToken') === false);
    assert.deepEqual(found, []);
  });

  it('asks for CPU and memory, and has limits', () => {
    const found = checkContainers(({ container }) =>
      ['requests', 'limits'].every((kind) =>
        ['cpu', 'memory'].every((name) => container.text('resources', kind, name) !== ''),
      ),
    );
    assert.deepEqual(found, []);
  });

  it('runs an image that is named by its digest', () => {
    const found = checkContainers(({ container }) =>
      /@sha256:[0-9a-f]{64}$/.test(container.text('image')),
    );
    assert.deepEqual(found, []);
  });
});

describe('every service', () => {
  const deployments = renderings.flatMap(({ manifests }) =>
    ofKind(manifests, 'Deployment').filter(
      (each) => each.text('metadata', 'labels', 'app.kubernetes.io/part-of') === 'awala-gateway',
    ),
  );

  it('is asked on its operations port whether it started, is ready and lives', () => {
    for (const deployment of deployments) {
      const container = new Part(deployment.pod?.list('containers')[0] ?? {});
      for (const [probe, path] of [
        ['startupProbe', '/livez'],
        ['readinessProbe', '/servez'],
        ['livenessProbe', '/livez'],
      ] as const) {
        assert.equal(container.text(probe, 'httpGet', 'port'), 'operations');
        assert.equal(container.text(probe, 'httpGet', 'path'), path);
      }
    }
  });

  it('has longer to end than it takes to linger and drain', () => {
    for (const { pod, name } of deployments) {
      const container = new Part(pod?.list('containers')[0] ?? {});
      // Of HAProxy, too: after so long it cuts what it still holds.
      const drain = container.list('env').find((each) => each.name === 'DRAIN_TIMEOUT')?.value;
      const linger = Number(container.at('lifecycle', 'preStop', 'sleep', 'seconds') ?? 0);
      const grace = Number(pod?.at('terminationGracePeriodSeconds'));
      assert.ok(grace > linger + Number.parseInt(String(drain), 10), name);
    }
  });

  it('is replaced only once load balancers know another one, if it has clients', () => {
    for (const deployment of deployments) {
      const container = new Part(deployment.pod?.list('containers')[0] ?? {});
      const hasClients = container.list('ports').some(({ name }) => name === 'serving');
      assert.equal(deployment.at('spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), 0);
      assert.equal(deployment.at('spec', 'minReadySeconds') ?? 0, hasClients ? 10 : 0);
    }
  });

  it('is spread over three zones in production, scaled, and protected from evictions', async () => {
    const manifests = await renderEnvironment('production');
    const services = ['poweb', 'pohttp', 'cogrpc', 'collection', 'collection-balancer', 'workers'];
    for (const service of services) {
      const of = (kind: string) =>
        ofKind(manifests, kind).find(({ component }) => component === service) ?? assert.fail(kind);
      const [zones] = of('Deployment').pod?.list('topologySpreadConstraints') ?? [];
      assert.equal(zones?.topologyKey, 'topology.kubernetes.io/zone');
      // With three, the loss of one would leave room for one pod in each of the others.
      assert.equal(zones?.minDomains, 2);
      assert.equal(zones?.nodeTaintsPolicy, 'Honor');
      assert.equal(zones?.whenUnsatisfiable, 'DoNotSchedule');
      assert.ok(Number(of('HorizontalPodAutoscaler').at('spec', 'minReplicas')) >= 3);
      assert.equal(of('PodDisruptionBudget').at('spec', 'maxUnavailable'), 1);
      of('NetworkPolicy');
      of('ServiceAccount');
      assert.equal(of('Deployment').pod?.text('serviceAccountName'), of('ServiceAccount').name);
    }
  });

  it('is the only one with its rights: what helm test starts has none', () => {
    for (const { name, manifests } of renderings) {
      const accounts = ofKind(manifests, 'ServiceAccount');
      const [ping] = ofKind(manifests, 'Pod');
      const account = accounts.find(
        (each) => each.name === ping?.text('spec', 'serviceAccountName'),
      );
      assert.equal(account?.at('metadata', 'annotations') ?? null, null, name);
    }
  });

  it('can be matched to a commit', async () => {
    const rendered = ofKind(await renderEnvironment('production'), 'Deployment');
    for (const deployment of rendered.filter(
      ({ component }) => component !== 'collection-balancer',
    )) {
      const path = ['spec', 'template', 'metadata', 'annotations'] as const;
      assert.equal(deployment.text(...path, 'org.opencontainers.image.revision'), REVISION);
      const container = new Part(deployment.pod?.list('containers')[0] ?? {});
      assert.ok(container.text('image').endsWith(`@${DIGEST}`));
      assert.ok(
        container
          .list('env')
          .some(({ name, value }) => name === 'IMAGE_DIGEST' && value === DIGEST),
      );
    }
  });

  it('of a Job is the same until what it runs is another, as a Job cannot be changed', async () => {
    const jobs = async (values: readonly string[] = []) =>
      ofKind(await renderChart('awala-gateway', values), 'Job').map(({ name }) => name);
    const [name = '', ...others] = await jobs();
    assert.equal(others.length, 0);
    assert.match(name, /^awala-keygen-[0-9a-f]{10}$/);
    assert.deepEqual(await jobs(['services.poweb.replicas={"min":4,"max":5}']), [name]);
    assert.notDeepEqual(await jobs([`image.digest="sha256:${'0'.repeat(64)}"`]), [name]);
    // A difference that is shown before it is applied knows no revision.
    for await (const path of glob('charts/**/*.{yaml,tpl}')) {
      assert.doesNotMatch(await readFile(path, 'utf8'), /Release\.Revision/, path);
    }
  });
});
