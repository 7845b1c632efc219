import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { isMap, type YamlMap } from './manifests.ts';

const ROOT = new URL('../../', import.meta.url);

async function read(path: string): Promise<YamlMap> {
  return parse(await readFile(new URL(path, ROOT), 'utf8'), { merge: true });
}

describe('the emulators', () => {
  it('are the same images in compose.yaml and in the chart, each by its exact version and digest', async () => {
    const { services } = await read('compose.yaml');
    const { emulators, collectionBalancer } = await read('charts/awala-gateway/values.yaml');
    assert.ok(isMap(services) && isMap(emulators) && isMap(collectionBalancer));
    assert.equal(collectionBalancer.image, emulators.edgeImage);
    const inChart = Object.entries(emulators)
      .filter(([name]) => name.endsWith('Image'))
      .map(([, image]) => String(image));
    const inCompose = Object.values(services)
      .map((each) => (isMap(each) ? String(each.image) : ''))
      .filter((image) => image !== 'awala-gateway:local');
    assert.deepEqual(inCompose.toSorted(), inChart.toSorted());
    for (const image of inChart) {
      assert.match(image, /^[a-z./-]+:\d+\.\d+\.\d+(?:-[a-z]+)?@sha256:[0-9a-f]{64}$/);
    }
  });
});
