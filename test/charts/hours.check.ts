import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COLLECTION_PATH } from '#services/collection/collection-server.ts';
import { type Manifest, Manifest as Part } from './manifests.ts';
import { complaints, ofKind, renderAll } from './renderings.ts';

const HOUR_S = 3_600;
const UNITS_S: Readonly<Record<string, number>> = { h: HOUR_S, m: 60, s: 1, ms: 0.001 };
const NGINX_TIMEOUTS = /^nginx\.ingress\.kubernetes\.io\/.*timeout$/;

/** Whether it is the Service of collection, or that of its load balancers. */
const isOfCollection = (service: string) => /-collection(?:-balancer)?$/.test(service);

/** A way from the edge to a Service. */
interface Way {
  readonly from: string;
  readonly host: string;
  readonly path: string;
  readonly service: string;
  /** As this way has it; a policy may have another one. */
  readonly timeoutS: number;
}

function waysOf(manifests: readonly Manifest[]): readonly Way[] {
  const routes = [...ofKind(manifests, 'HTTPRoute'), ...ofKind(manifests, 'GRPCRoute')];
  return [...routes.flatMap(waysOfRoute), ...ofKind(manifests, 'Ingress').flatMap(waysOfIngress)];
}

function waysOfRoute(route: Manifest): readonly Way[] {
  return route
    .list('spec', 'rules')
    .map((each) => new Part(each))
    .flatMap((rule) => {
      const paths = rule.list('matches').map((match) => new Part(match).text('path', 'value'));
      const timeoutS = Math.max(
        ...['request', 'backendRequest'].map((name) => durationS(rule.text('timeouts', name))),
      );
      return (paths.length > 0 ? paths : ['/']).flatMap((path) =>
        rule.list('backendRefs').flatMap(({ name }) =>
          hostnamesOf(route).map((host) => ({
            from: `${route.kind} ${route.name}`,
            host,
            path,
            service: String(name),
            timeoutS,
          })),
        ),
      );
    });
}

function hostnamesOf(route: Manifest): readonly string[] {
  const hostnames = route.at('spec', 'hostnames');
  return Array.isArray(hostnames) ? hostnames.map(String) : [];
}

function waysOfIngress(ingress: Manifest): readonly Way[] {
  const annotations = Object.entries(ingress.at('metadata', 'annotations') ?? {});
  const timeouts = annotations.filter(([name]) => NGINX_TIMEOUTS.test(name));
  return ingress
    .list('spec', 'rules')
    .map((each) => new Part(each))
    .flatMap((rule) =>
      rule.list('http', 'paths').map((each) => {
        const path = new Part(each);
        return {
          from: `Ingress ${ingress.name}`,
          host: rule.text('host'),
          path: path.text('path'),
          service: path.text('backend', 'service', 'name'),
          timeoutS: Math.max(0, ...timeouts.map(([, value]) => Number(value))),
        };
      }),
    );
}

/** @param text - such as `30s` or `1h30m`; nothing is none */
function durationS(text: string): number {
  const parts = text.matchAll(/(?<count>\d+)(?<unit>ms|h|m|s)/g);
  return Array.from(
    parts,
    ({ groups }) => Number(groups?.count) * (UNITS_S[groups?.unit ?? ''] ?? 0),
  ).reduce((sum, each) => sum + each, 0);
}

/** Each time limit at the edge, with the Service that it is for. */
function limitsOf(manifests: readonly Manifest[]): readonly (readonly [string, string, number])[] {
  const policies = ofKind(manifests, 'GCPBackendPolicy').map(
    (policy) =>
      [
        `${policy.kind} ${policy.name}`,
        policy.text('spec', 'targetRef', 'name'),
        Number(policy.at('spec', 'default', 'timeoutSec')),
      ] as const,
  );
  return [
    ...policies,
    ...waysOf(manifests).map(({ from, service, timeoutS }) => [from, service, timeoutS] as const),
  ];
}

const renderings = await renderAll();

describe('in every environment and however the chart is set, the edge', () => {
  it('gives hours to the Service of collection, and to no other', () => {
    const found = complaints(renderings, (manifests) =>
      limitsOf(manifests)
        .filter(([, service, seconds]) => seconds >= HOUR_S && !isOfCollection(service))
        .map(([from, service, seconds]) => `${from} gives ${service} ${seconds} s`),
    );
    assert.deepEqual(found, []);
  });

  it('gives collection its hours wherever it leads there', () => {
    const found = complaints(renderings, (manifests) => {
      const limits = limitsOf(manifests)
        .filter(([, service, seconds]) => isOfCollection(service) && seconds > 0)
        .map(([, , seconds]) => seconds);
      const isServed = waysOf(manifests).some(({ service }) => isOfCollection(service));
      const least = limits.length > 0 ? Math.min(...limits) : 0;
      return isServed && least < 2 * HOUR_S ? [`collection has ${least} s`] : [];
    });
    assert.deepEqual(found, []);
  });

  it('leads to collection by its path on the host of PoWeb, and on one of its own, and by no other way', () => {
    const found = complaints(renderings, (manifests) => {
      const ways = waysOf(manifests);
      const poweb = ways.find(({ service }) => service.endsWith('-poweb'))?.host;
      return ways
        .filter(({ service }) => isOfCollection(service))
        .filter(
          ({ host, path }) =>
            (host !== poweb && host !== poweb?.replace('poweb', 'collection')) ||
            path !== COLLECTION_PATH,
        )
        .map(({ from, host, path }) => `${from} leads ${host}${path} to collection`);
    });
    assert.deepEqual(found, []);
  });

  it('leads to load balancers of collection, unless there are none, and never past them', () => {
    const found = complaints(renderings, (manifests) => {
      const hasBalancers = ofKind(manifests, 'Deployment').some(
        ({ component }) => component === 'collection-balancer',
      );
      return waysOf(manifests)
        .filter(({ service }) => isOfCollection(service))
        .filter(({ service }) => service.endsWith('-balancer') !== hasBalancers)
        .map(({ from, service }) => `${from} leads to ${service}`);
    });
    assert.deepEqual(found, []);
  });

  it('leads everything else to the Service of its host', () => {
    const found = complaints(renderings, (manifests) =>
      waysOf(manifests)
        .filter(({ service }) => !isOfCollection(service))
        .filter(({ host, path, service }) => {
          const name = service.split('-').at(-1);
          return !host.startsWith(`${name}.`) || path !== '/';
        })
        .map(({ from, host, path, service }) => `${from} leads ${host}${path} to ${service}`),
    );
    assert.deepEqual(found, []);
  });

  it('is there to be looked at', () => {
    const edges = renderings.filter(({ manifests }) => waysOf(manifests).length > 0);
    assert.ok(edges.length > 10);
    for (const { manifests, name } of edges) {
      assert.ok(
        waysOf(manifests).some(({ service }) => isOfCollection(service)),
        name,
      );
      assert.ok(
        limitsOf(manifests).some(([, , seconds]) => seconds >= HOUR_S),
        name,
      );
    }
  });
});
