import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { obtainTool, runTool, type ToolName } from './tools.ts';

/** How each program says its version, if it does, and where that is pinned. */
const TOOLS: readonly (readonly [ToolName, string, string, readonly string[]])[] = [
  ['helm', 'helm', 'helm.sh/helm/v3', ['version', '--short']],
  ['helmfile', 'helm', 'github.com/helmfile/helmfile', ['--version']],
  ['kubectl-validate', 'validator', 'sigs.k8s.io/kubectl-validate', ['--help']],
];

describe('the programs that the charts are checked with', () => {
  for (const [name, module, path, args] of TOOLS) {
    it(`can be built and run: ${name}`, async () => {
      const manifest = new URL(`tools/${module}/go.mod`, import.meta.url);
      assert.match(await readFile(manifest, 'utf8'), new RegExp(`^\t${path} v\\d`, 'm'));
      assert.match(await obtainTool(name), new RegExp(`/charts-${module}-[0-9a-f]{16}/${name}$`));
      assert.equal((await runTool(name, args)).code, 0);
    });
  }
});
