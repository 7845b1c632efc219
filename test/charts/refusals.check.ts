import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Chart, runTemplate } from './rendering.ts';

/** A wrong value, and what the complaint about it must name. */
const WRONG: readonly (readonly [Chart, string, RegExp])[] = [
  ['awala-gateway', 'internetAddress="localhost"', /at '\/internetAddress'.*does not match/],
  ['awala-gateway', 'image.digest="latest"', /at '\/image\/digest'.*sha256/],
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
  ['awala-gateway', 'monitoring.kind="datadog"', /at '\/monitoring\/kind'/],
  ['awala-gateway', 'drainSeconds=1', /at '\/drainSeconds': minimum/],
  ['google-cloud', 'project.number="one"', /at '\/project\/number'/],
  ['google-cloud', 'region="Frankfurt"', /at '\/region'/],
  ['google-cloud', 'keys.protectionLevel="NONE"', /at '\/keys\/protectionLevel'/],
  ['google-cloud', 'bucket.name="gs://parcels"', /at '\/bucket\/name'/],
  ['google-cloud', 'firestore.backup.retentionDays=365', /at '\/firestore\/backup\/retentionDays'/],
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
});
