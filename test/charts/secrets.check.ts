import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMap, type Manifest, Manifest as Part, type Yaml } from './manifests.ts';
import { complaints, ofKind, renderAll } from './renderings.ts';

const renderings = await renderAll();

/** What a pod takes from a Secret or a ConfigMap; without a key, all of it. */
interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly key: string;
}

const REFERENCES = [
  ['secretKeyRef', 'Secret', 'name'],
  ['configMapKeyRef', 'ConfigMap', 'name'],
  ['secretRef', 'Secret', 'name'],
  ['configMapRef', 'ConfigMap', 'name'],
  // A volume, and one that is put together of several.
  ['secret', 'Secret', 'secretName'],
  ['secret', 'Secret', 'name'],
  ['configMap', 'ConfigMap', 'name'],
] as const;

/**
 * Secrets that an operator names in the values, and makes: certificates of edges other than Google's, passwords of
 * registries. Whatever else refers to one of these kinds is a mistake.
 */
const NAMED_BY_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  Gateway: ['tls', 'own'],
  Ingress: ['awala-gateway-tls', 'awala-gateway-collection-tls'],
  imagePullSecrets: ['registry'],
};
/** The same, for variables that an operator adds. */
const ADDED_BY_OPERATORS = /told more: .* refers to (?:ConfigMap everywhere|Secret poweb)$/;

/** Wherever they are: in variables, volumes, or what Kubernetes adds next. */
function referencesIn(value: Yaml): readonly Reference[] {
  if (Array.isArray(value)) {
    return value.flatMap(referencesIn);
  }
  if (!isMap(value)) {
    return [];
  }
  const here = REFERENCES.flatMap(([field, kind, naming]) => {
    const found = value[field];
    return isMap(found) && typeof found[naming] === 'string'
      ? [{ kind, name: found[naming], key: typeof found.key === 'string' ? found.key : '' }]
      : [];
  });
  return [...here, ...Object.values(value).flatMap(referencesIn)];
}

/** `Secret name` and `Secret name key` for all that is there. */
function presentIn(manifests: readonly Manifest[]): ReadonlySet<string> {
  const present = new Set<string>();
  const add = (kind: string, name: string, keys: readonly string[]) => {
    for (const key of ['', ...keys]) {
      present.add(`${kind} ${name} ${key}`);
    }
  };
  for (const kind of ['Secret', 'ConfigMap']) {
    for (const each of ofKind(manifests, kind)) {
      const content = [each.at('data'), each.at('stringData')].filter(isMap);
      add(kind, each.name, content.flatMap(Object.keys));
    }
  }
  for (const each of ofKind(manifests, 'ExternalSecret')) {
    const keys = each.list('spec', 'data').map(({ secretKey }) => String(secretKey));
    add('Secret', each.text('spec', 'target', 'name'), keys);
  }
  return present;
}

describe('a pod', () => {
  it('refers to Secrets and ConfigMaps, and to keys in them, that are there', () => {
    const found = complaints(renderings, (manifests) => {
      const present = presentIn(manifests);
      return manifests.flatMap(({ kind, name, pod }) =>
        referencesIn(pod?.content ?? null)
          .filter((each) => !present.has(`${each.kind} ${each.name} ${each.key}`))
          .map((each) => `${kind} ${name} refers to ${each.kind} ${each.name} ${each.key}`.trim()),
      );
    });
    // Without an external secret, the operator makes it: docs/operations.md.
    const isOurs = (each: string) =>
      /^(?:development|staging|production|.*Secret Manager):/.test(each) ||
      !each.endsWith(' refers to Secret awala-redis url');
    const unknown = found.filter((each) => isOurs(each) && !ADDED_BY_OPERATORS.test(each));
    assert.deepEqual(unknown, []);
    assert.ok(found.length > 10);
  });

  it('and an edge take from Secrets beside these only what an operator named', () => {
    const seen = new Set<string>();
    const found = complaints(renderings, (manifests) =>
      manifests
        .flatMap((manifest) => {
          const listeners = manifest.list('spec', 'listeners').map((each) => new Part(each));
          return [
            ...listeners
              .flatMap((listener) => listener.list('tls', 'certificateRefs'))
              .map(({ name }) => ['Gateway', name]),
            ...(manifest.kind === 'Ingress' ? manifest.list('spec', 'tls') : []).map(
              ({ secretName }) => ['Ingress', secretName],
            ),
            ...(manifest.pod?.list('imagePullSecrets') ?? []).map(({ name }) => [
              'imagePullSecrets',
              name,
            ]),
          ];
        })
        .filter(([place, name]) => {
          seen.add(String(place));
          return !NAMED_BY_OPERATORS[String(place)]?.includes(String(name));
        })
        .map(([place, name]) => `${place} refers to ${name}`),
    );
    assert.deepEqual(found, []);
    assert.deepEqual([...seen].toSorted(), Object.keys(NAMED_BY_OPERATORS));
  });

  it('has no secret in clear in its environment', () => {
    const found = complaints(renderings, (manifests) =>
      manifests.flatMap(({ kind, name, pod }) =>
        (pod?.list('containers') ?? [])
          .flatMap((container) => new Part(container).list('env'))
          .filter(({ value }) => /:[^/]*@|PRIVATE KEY/.test(String(value ?? '')))
          .map((variable) => `${kind} ${name}: ${variable.name}`),
      ),
    );
    assert.deepEqual(found, []);
  });

  it('has no Secret whose content is in the chart', () => {
    const found = complaints(renderings, (manifests) =>
      ofKind(manifests, 'Secret').map(({ name }) => name),
    );
    assert.deepEqual(found, []);
  });
});
