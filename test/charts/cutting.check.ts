import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutDefinition } from './cutting.ts';
import type { YamlMap } from './manifests.ts';

function define(spec: YamlMap, versions = ['v1']): YamlMap {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'roads.example.org', annotations: { generator: 'one' } },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { kind: 'Road', plural: 'roads', shortNames: ['rd'] },
      versions: versions.map((name) => ({
        name,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A road.',
            required: ['spec'],
            properties: { spec, status: { type: 'object' } },
          },
        },
      })),
    },
  };
}

function road(spec: YamlMap, version = 'v1'): YamlMap {
  return { apiVersion: `example.org/${version}`, kind: 'Road', spec };
}

/** The schema of `spec` after it was cut to some resources. */
function cutSpec(spec: YamlMap, ...resources: readonly YamlMap[]): unknown {
  const { versions } = Object(
    cutDefinition(
      define(spec),
      resources.map((each) => road(each)),
    ).spec,
  );
  return versions[0].schema.openAPIV3Schema.properties.spec;
}

describe('cutting a definition', () => {
  it('keeps what any resource uses, with its bounds and without its description', () => {
    const spec = {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Of the road.', pattern: '^[a-z]+$', maxLength: 9 },
        lanes: { type: 'integer', minimum: 1 },
        toll: { type: 'boolean' },
      },
    };
    assert.deepEqual(cutSpec(spec, { name: 'a' }, { lanes: 2 }), {
      type: 'object',
      properties: {
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 9 },
        lanes: { type: 'integer', minimum: 1 },
      },
    });
  });

  it('goes into lists and maps', () => {
    const stop = {
      type: 'object',
      properties: { at: { type: 'integer' }, by: { type: 'string' } },
    };
    const spec = {
      type: 'object',
      properties: {
        stops: { type: 'array', maxItems: 4, items: stop },
        named: { type: 'object', additionalProperties: stop },
      },
    };
    assert.deepEqual(cutSpec(spec, { stops: [{ at: 1 }], named: { one: { by: 'bus' } } }), {
      type: 'object',
      properties: {
        stops: {
          type: 'array',
          maxItems: 4,
          items: { type: 'object', properties: { at: { type: 'integer' } } },
        },
        named: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { by: { type: 'string' } } },
        },
      },
    });
  });

  it('still requires what no resource has, unless it has a default', () => {
    const spec = {
      type: 'object',
      required: ['from', 'to', 'kind'],
      properties: {
        from: { type: 'string' },
        to: { type: 'string' },
        kind: { type: 'string', default: 'paved' },
      },
    };
    assert.deepEqual(cutSpec(spec, { from: 'a' }), {
      type: 'object',
      required: ['from', 'to'],
      properties: { from: { type: 'string' } },
    });
  });

  it('keeps alternatives, which say what may not stand together', () => {
    const oneOf = [{ required: ['name'] }, { required: ['external'], not: { required: ['name'] } }];
    const spec = { type: 'object', oneOf, properties: { name: { type: 'string' } } };
    assert.deepEqual(cutSpec(spec, { name: 'a' }), spec);
  });

  it('keeps the versions that are used, the first of them stored', () => {
    const definition = define({ type: 'object' }, ['v1alpha1', 'v1beta1', 'v1']);
    const { spec } = cutDefinition(definition, [road({}, 'v1'), road({}, 'v1beta1')]);
    assert.deepEqual(
      Object(spec).versions.map(({ name, storage }: YamlMap) => [name, storage]),
      [
        ['v1beta1', true],
        ['v1', false],
      ],
    );
  });

  it('fails for a definition that nothing uses', () => {
    assert.throws(
      () => cutDefinition(define({ type: 'object' }), [road({}, 'v2')]),
      /nothing is rendered of roads\.example\.org/,
    );
  });
});
