import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { isMap, Manifest as Part, type YamlMap } from './manifests.ts';
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
  ['google-cloud', 'project.number="one"', /at '\/project\/number'/],
  ['google-cloud', 'region="Frankfurt"', /at '\/region'/],
  ['google-cloud', 'keys.protectionLevel="NONE"', /at '\/keys\/protectionLevel'/],
  ['google-cloud', 'bucket.name="gs://parcels"', /at '\/bucket\/name'/],
  ['google-cloud', 'firestore.backup.retentionDays=365', /at '\/firestore\/backup\/retentionDays'/],
  ['google-cloud', 'monitoring.runbookUrl=""', /at '\/monitoring\/runbookUrl'/],
  ['google-cloud', 'monitoring.email="nobody"', /at '\/monitoring\/email'/],
];

describe('a wrong value', () => {
  for (const [chart, value, complaint] of WRONG) {
    it(`is refused: ${chart}, ${value}`, async () => {
      const { code, stdout, stderr } = await runTemplate(chart, [value]);
      assert.notEqual(code, 0);
      assert.equal(stdout, '');
      assert.match(stderr, complaint);
    });
  }

  it('is refused in each setting of each service', async () => {
    const path = new URL('../../charts/awala-gateway/values.schema.json', import.meta.url);
    const schema = new Part(JSON.parse(await readFile(path, 'utf8')));
    const services = schema.at('properties', 'services', 'properties');
    const wrong = Object.keys(services ?? {}).flatMap((service) => {
      const settings = new Part(isMap(services) ? services : {}).at(
        ...[service, 'properties', 'settings', 'properties'],
      );
      return Object.keys(settings ?? {}).map((name) => `services.${service}.settings.${name}`);
    });
    assert.ok(wrong.length > 15);
    const values = wrong.map((each) => `${each}="a few"`);
    const { stderr } = await runTemplate('awala-gateway', values);
    for (const each of wrong) {
      assert.ok(stderr.includes(`at '/${each.replaceAll('.', '/')}'`), each);
    }
  });

  for (const chart of ['awala-gateway', 'google-cloud'] as const) {
    it(`is refused wherever it is: ${chart}, every value has a type, and no map takes unknown names`, async () => {
      const path = new URL(`../../charts/${chart}/values.schema.json`, import.meta.url);
      assert.deepEqual(openIn(JSON.parse(await readFile(path, 'utf8'))), []);
    });
  }
});

/** Where a schema takes anything; what Helm itself puts into `global` is not ours. */
function openIn(schema: YamlMap, path = ''): readonly string[] {
  if (path === '/global' || 'enum' in schema || 'const' in schema) {
    return [];
  }
  const { properties, additionalProperties, items } = schema;
  if (schema.type === 'object') {
    const inside = Object.entries(isMap(properties) ? properties : {}).flatMap(([name, each]) =>
      openIn(isMap(each) ? each : {}, `${path}/${name}`),
    );
    const isClosed = additionalProperties === false || isMap(additionalProperties);
    return isClosed ? inside : [path || '/', ...inside];
  }
  if (schema.type === 'array') {
    return openIn(isMap(items) ? items : {}, `${path}/0`);
  }
  return ['string', 'integer', 'number', 'boolean'].includes(String(schema.type)) ? [] : [path];
}
