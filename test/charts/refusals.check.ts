import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { at, isMap, type Yaml, type YamlMap } from './manifests.ts';
import { type Chart, runTemplate } from './rendering.ts';

/** A wrong value, and what the complaint about it must name. */
const WRONG: readonly (readonly [Chart, string, RegExp])[] = [
  ['awala-gateway', 'internetAddress="localhost"', /at '\/internetAddress'.*does not match/],
  ['awala-gateway', 'image.digest="latest"', /at '\/image\/digest'.*sha256/],
  ['awala-gateway', 'image.repository=""', /at '\/image\/repository'/],
  ['awala-gateway', 'image.digest=""', /at '\/image\/digest'/],
  ['awala-gateway', 'image.revision="main"', /at '\/image\/revision'/],
  ['awala-gateway', 'image.tag="latest"', /additional properties 'tag' not allowed/],
  ['awala-gateway', 'spread.zones=2', /at '\/spread\/zones': value must be one of 1, 3/],
  ['awala-gateway', 'edge.kind="nodeport"', /at '\/edge\/kind': value must be one of/],
  ['awala-gateway', 'edge.gateway.http="serve"', /at '\/edge\/gateway\/http'/],
  ['awala-gateway', 'edge.gateway.certificateMap=""', /at '\/edge\/gateway\/certificateMap'/],
  [
    'awala-gateway',
    'services.poweb.replicas.min=0',
    /at '\/services\/poweb\/replicas\/min': minimum/,
  ],
  [
    'awala-gateway',
    'services.poweb.settings={"COLLECTION_WINDOW":1}',
    /at '\/services\/poweb\/settings': additional properties 'COLLECTION_WINDOW'/,
  ],
  [
    'awala-gateway',
    'services.collection.settings={"MAX_COLLECTORS":1000001}',
    /at '\/services\/collection\/settings\/MAX_COLLECTORS': maximum/,
  ],
  ['awala-gateway', 'services.cogrpc.availability="onDemand"', /at '\/autoscaling\/metrics'/],
  [
    'awala-gateway',
    'services.cogrpc.availability="sometimes"',
    /at '\/services\/cogrpc\/availability'/,
  ],
  ['awala-gateway', 'autoscaling.metrics="keda"', /at '\/autoscaling\/prometheusUrl'/],
  ['awala-gateway', 'backing.keyVault.sealingKey=""', /at '\/backing\/keyVault\/sealingKey'/],
  [
    'awala-gateway',
    'backing.redis.url="redis://:password@host:6379"',
    /at '\/backing\/redis\/url'/,
  ],
  ['awala-gateway', 'workloadIdentity.project=""', /at '\/workloadIdentity\/project'/],
  ['awala-gateway', 'networkPolicy.redisCidrs=["anywhere"]', /at '\/networkPolicy\/redisCidrs\/0'/],
  ['awala-gateway', 'monitoring.runbookUrl=""', /at '\/monitoring\/runbookUrl'/],
  ['awala-gateway', 'monitoring.kind="datadog"', /at '\/monitoring\/kind'/],
  ['awala-gateway', 'drainSeconds=1', /at '\/drainSeconds': minimum/],
  [
    'awala-gateway',
    'collectionBalancer.drainSeconds=30',
    /at '\/collectionBalancer\/drainSeconds'/,
  ],
  ['awala-gateway', 'collectionBalancer.nameserver="kube-dns"', /\/collectionBalancer\/nameserver/],
  ['awala-gateway', 'common.nodeSelector={"pool":1}', /at '\/common\/nodeSelector\/pool'/],
  ['awala-gateway', 'services.poweb.service={"type":"ExternalName"}', /\/poweb\/service\/type'/],
  ['awala-gateway', 'services.poweb.extraEnv=[{"value":"x"}]', /\/poweb\/extraEnv\/0'.*name/],
  [
    'awala-gateway',
    'services.poweb.extraEnv=[{"name":"REDIS_URL","value":"redis://other"}]',
    /extraEnv: REDIS_URL follows from other values/,
  ],
  [
    'awala-gateway',
    'collectionBalancer.extraEnv=[{"name":"EDGE_BIND","value":":80"}]',
    /extraEnv: EDGE_BIND follows from other values/,
  ],
  ['google-cloud', 'project.number="one"', /at '\/project\/number'/],
  ['google-cloud', 'region="Frankfurt"', /at '\/region'/],
  ['google-cloud', 'keys.protectionLevel="NONE"', /at '\/keys\/protectionLevel'/],
  ['google-cloud', 'bucket.name="gs://parcels"', /at '\/bucket\/name'/],
  ['google-cloud', 'firestore.backup.retentionDays=365', /at '\/firestore\/backup\/retentionDays'/],
  ['google-cloud', 'monitoring.runbookUrl=""', /at '\/monitoring\/runbookUrl'/],
  ['google-cloud', 'monitoring.email="nobody"', /at '\/monitoring\/email'/],
];

/** What is not ours to know: names that Google or a cluster gives, and maps that go through as they are. */
const ANY_TEXT: Readonly<Record<Chart, readonly string[]>> = {
  'awala-gateway': [
    'backing.redis.secret.key',
    'common.nodeSelector',
    'common.affinity',
    'common.podAnnotations',
    'common.serviceAccountAnnotations',
    'common.service.annotations',
    'jobs.provision.project',
    'jobs.provision.location',
    'edge.ingress.annotations',
    'monitoring.labels',
  ],
  'google-cloud': [
    'gateway.namespace',
    // Compared with the project by the chart itself.
    'teardown.confirm',
    'redis.network',
    // Bound only where it is used.
    'monitoring.email',
    'secrets.redisUrl',
  ],
};

describe('a wrong value', () => {
  for (const [chart, value, complaint] of WRONG) {
    it(`is refused: ${chart}, ${value}`, async () => {
      const { code, stdout, stderr } = await runTemplate(chart, [value]);
      assert.notEqual(code, 0);
      assert.equal(stdout, '');
      assert.match(stderr, complaint);
    });
  }

  for (const chart of ['awala-gateway', 'google-cloud'] as const) {
    it(`is refused wherever it is: ${chart}`, async () => {
      const path = new URL(`../../charts/${chart}/values.schema.json`, import.meta.url);
      const schema = JSON.parse(await readFile(path, 'utf8'));
      const values = leavesOf(resolved(schema, schema));
      const wrong = values.filter(({ takes }) => takes === 'some');
      assert.ok(wrong.length > 30);
      const { stderr } = await runTemplate(
        chart,
        wrong.map(({ name }) => `${name}="what is this?"`),
      );
      for (const { name } of wrong) {
        assert.ok(stderr.includes(`at '/${name.replaceAll('.', '/')}'`), name);
      }
      const open = values.filter(({ takes }) => takes === 'any').map(({ name }) => name);
      const known = ANY_TEXT[chart];
      const isOwn = (name: string) =>
        known.some((each) => name.endsWith(each.replace('common', '')) && each !== name);
      assert.deepEqual(
        open.filter((name) => !isOwn(name)),
        known,
      );
    });
  }
});

interface Leaf {
  /** As `--set-json` takes it; of a list as a whole. */
  readonly name: string;
  readonly takes: 'some' | 'any';
}

/** A schema with what it refers to in place of each reference. */
function resolved(value: Yaml, root: YamlMap): YamlMap {
  const target =
    isMap(value) &&
    at(
      root,
      String(value.$ref ?? '#')
        .split('/')
        .slice(1),
    );
  const schema = isMap(value) && '$ref' in value ? target : value;
  return Object.fromEntries(
    Object.entries(isMap(schema) ? schema : {}).map(([name, each]) => [
      name,
      isMap(each) ? resolved(each, root) : each,
    ]),
  );
}

/** The values of a schema; where a map takes unknown names or a value has no type, that takes any. */
function leavesOf(schema: YamlMap, name = ''): readonly Leaf[] {
  const { properties, additionalProperties, type } = schema;
  // Helm itself puts something there.
  if (name === 'global') {
    return [];
  }
  if (type === 'object') {
    const isOpen = additionalProperties !== false;
    const inside = Object.entries(isMap(properties) ? properties : {}).flatMap(([key, each]) =>
      leavesOf(isMap(each) ? each : {}, name === '' ? key : `${name}.${key}`),
    );
    return isOpen ? [...inside, { name, takes: 'any' }] : inside;
  }
  const isText = type === undefined || type === 'string';
  const isBound = ['pattern', 'enum', 'const', 'format'].some((each) => each in schema);
  return [{ name, takes: isText && !isBound ? 'any' : 'some' }];
}
