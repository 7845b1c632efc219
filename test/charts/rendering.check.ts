import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Manifest, parseManifests } from './manifests.ts';
import { ENVIRONMENTS, RELEASE, renderEnvironment, runHelmfile, runLint } from './rendering.ts';
import { renderAll } from './renderings.ts';
import { validate, validateAll } from './validation.ts';

const renderings = await renderAll();
const complaints = await validateAll(renderings.map(({ manifests }) => manifests));

describe('the charts', () => {
  for (const chart of ['awala-gateway', 'google-cloud'] as const) {
    it(`${chart}: nothing to complain about for helm lint`, async () => {
      const { code, stdout, stderr } = await runLint(chart);
      assert.equal(code, 0, stdout + stderr);
    });
  }

  for (const [index, { name }] of renderings.entries()) {
    it(`${name}: what Kubernetes would take`, () => {
      assert.deepEqual(complaints[index], []);
    });
  }
});

describe('an environment', () => {
  for (const name of ENVIRONMENTS) {
    it(`${name}: rendered by helmfile template alone`, async () => {
      const { code, stdout, stderr } = await runHelmfile(name, ['template']);
      assert.equal(code, 0, stderr);
      const kinds = parseManifests(stdout).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === 'Deployment').length >= 5, true);
    });
  }

  it('is not rendered without the image that is to run', async () => {
    for (const name of Object.keys(RELEASE)) {
      const others = Object.entries(RELEASE).filter(([each]) => each !== name);
      const outcome = await runHelmfile('development', ['template'], Object.fromEntries(others));
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.stderr, new RegExp(`\\b${name}\\b.* is not set`));
    }
  });

  it('orders Google Cloud before the gateway', async () => {
    const charts = (await renderEnvironment('production')).map((manifest) =>
      manifest.text('metadata', 'labels', 'app.kubernetes.io/name'),
    );
    assert.equal(charts[0], 'google-cloud');
    assert.ok(charts.indexOf('awala-gateway') > charts.lastIndexOf('google-cloud'));
  });
});

describe('the validator', () => {
  const metadata = { name: 'one' };

  it('refuses a field that Kubernetes does not know', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { prots: [] } };
    const [sentence = '', ...others] = await validate([new Manifest(service)]);
    assert.match(sentence, /^Service one: .*prots/);
    assert.equal(others.length, 0);
  });

  it('refuses a field that a custom resource does not have, and one that is missing', async () => {
    const ring = { apiVersion: 'kms.cnrm.cloud.google.com/v1beta1', kind: 'KMSKeyRing', metadata };
    const sentences = await validate([
      new Manifest({ ...ring, spec: { location: 'europe-west3', loction: 'x' } }),
      new Manifest({ ...ring, spec: {} }),
      new Manifest({ ...ring, spec: { location: 'europe-west3' } }),
    ]);
    assert.equal(sentences.length, 2);
    assert.match(sentences[0] ?? '', /loction/);
    assert.match(sentences[1] ?? '', /location/);
  });

  it('refuses a custom resource without a schema', async () => {
    const unknown = { apiVersion: 'example.org/v1', kind: 'Unknown', metadata, spec: {} };
    assert.equal((await validate([new Manifest(unknown)])).length, 1);
  });
});
