import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { isMap, Manifest as Part, type YamlMap } from './manifests.ts';

const ROOT = new URL('../../', import.meta.url);
const FOLDER = new URL('.github/workflows/', ROOT);

interface Workflow {
  readonly name: string;
  readonly text: string;
  readonly content: Part;
}

const workflows: readonly Workflow[] = await Promise.all(
  (await Array.fromAsync(glob('*.yml', { cwd: FOLDER }))).map(async (name) => {
    const text = await readFile(new URL(name, FOLDER), 'utf8');
    const content: YamlMap = parse(text);
    return { name, text, content: new Part(content) };
  }),
);

describe('the workflows', () => {
  it('use actions that are pinned to a commit, with its version beside', () => {
    const uses = workflows.flatMap(({ text }) => text.match(/uses: .*/g) ?? []);
    const unpinned = uses.filter(
      (line) => !/^uses: (?:\.\/|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/.test(line),
    );
    assert.ok(uses.length > 10);
    assert.deepEqual(unpinned, []);
  });

  it('may read by default, and nothing else', () => {
    for (const { name, content } of workflows) {
      assert.deepEqual(content.at('permissions'), { contents: 'read' }, name);
    }
  });

  it('have a time limit on each job, and hand no credentials to steps that need none', () => {
    for (const { name, content, text } of workflows) {
      const jobs = content.at('jobs');
      for (const [job, each] of Object.entries(isMap(jobs) ? jobs : {})) {
        const isCall = isMap(each) && 'uses' in each;
        assert.ok(
          isCall || Number(new Part({ each }).at('each', 'timeout-minutes')) > 0,
          `${name}: ${job}`,
        );
      }
      const checkouts = text.match(/actions\/checkout@/g)?.length;
      assert.equal(text.match(/persist-credentials: false/g)?.length, checkouts, name);
      assert.doesNotMatch(text, /pull_request_target/);
    }
  });

  it('run scripts that there are', async () => {
    const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
    const run = workflows.flatMap(({ text }) =>
      Array.from(text.matchAll(/npm (?:run )?(?<script>test[\w:]*)/g), ({ groups }) =>
        String(groups?.script),
      ),
    );
    assert.deepEqual([...new Set(run)], ['test', 'test:package']);
    assert.ok(run.every((script) => script in scripts));
  });

  it('publish an image with a list of contents and a signed origin, and charts that name it', () => {
    const release = workflows.find(({ name }) => name === 'release.yml')?.text ?? '';
    for (const part of [
      'actions/attest-sbom@',
      'actions/attest-build-provenance@',
      'sbom: true',
      'helm push',
    ]) {
      assert.ok(release.includes(part), part);
    }
    assert.match(release, /AWALA_IMAGE_DIGEST=\$DIGEST/);
    assert.match(release, /AWALA_REVISION=\$GITHUB_SHA/);
  });

  it('publish packages with checksums and a signed origin, of the version that is tagged', async () => {
    const release = workflows.find(({ name }) => name === 'release.yml')?.text ?? '';
    for (const part of [
      'npm run package',
      'subject-checksums: dist/SHA256SUMS',
      'gh release create "$GITHUB_REF_NAME" dist/*',
    ]) {
      assert.ok(release.includes(part), part);
    }
    const { scripts, version } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
    assert.ok('package' in scripts);
    const changes = await readFile(new URL('CHANGELOG.md', ROOT), 'utf8');
    assert.match(changes, new RegExp(`^## ${RegExp.escape(version)}$`, 'm'));
  });

  it('find the lines of the values that they replace', async () => {
    const values = await readFile(new URL('charts/awala-gateway/values.yaml', ROOT), 'utf8');
    for (const name of ['repository', 'digest', 'revision', 'runbookUrl']) {
      assert.equal(values.match(new RegExp(`^  ${name}: `, 'gm'))?.length, 1, name);
    }
  });
});
