import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const BIOME = join(import.meta.dirname, '../node_modules/.bin/biome');
const RULE = 'literal-status.grit';

const CONFIGURATION = JSON.stringify({
  plugins: [`./${RULE}`],
  linter: { rules: { preset: 'none' } },
  formatter: { enabled: false },
  assist: { enabled: false },
});

/** Lints one file. @returns the lines that the rule complains about */
function complaints(lines: readonly string[]): string[] {
  const root = mkdtempSync(join(tmpdir(), 'literal-status-'));
  try {
    copyFileSync(join(import.meta.dirname, RULE), join(root, RULE));
    writeFileSync(join(root, 'biome.json'), CONFIGURATION);
    writeFileSync(join(root, 'file.ts'), lines.join('\n'));
    const options = ['lint', '--reporter=github', '--max-diagnostics=none', 'file.ts'];
    const { stdout } = spawnSync(BIOME, options, { cwd: root, encoding: 'utf8' });
    const found = [...stdout.matchAll(/title=plugin,file=[^,]*,line=(\d+)/g)];
    return [...new Set(found.map(([, line]) => lines[Number(line) - 1] ?? ''))].sort();
  } finally {
    rmSync(root, { recursive: true });
  }
}

const LITERAL = [
  'reply.code(503);',
  'reply.code(isReady ? 200 : 503);',
  'response.writeHead(404, {});',
  'response.statusCode = 500;',
  "socket.close(1011, 'sorry');",
  "throw new Refusal({ status: 422, message: 'no' });",
  'const closeCode = isAndroid ? 4_000 : 1000;',
  'reply.status(500);',
  "response.writeHead(400, 'Bad Request', {});",
  'socket.close(1_000);',
  'const NOT_FOUND = 404;',
  'function refuse(reply: Reply, given = 503) {}',
  'class Gone { readonly answer = 410; }',
  'refuse(reply, 403);',
  'const closings = [1_011];',
  'call.sendStatus(grpc.status.INTERNAL);',
  'call.sendStatus({ code: status.NOT_FOUND });',
  "socket.end('HTTP/1.1 503 Service Unavailable');",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
  'socket.end(`HTTP/1.1 404 ${text}`);',
];

const INNOCENT = [
  'reply.code(202);',
  'reply.code(answer.status);',
  'if (response.status === 404) {}',
  'const isPast = code >= 1001 && code <= 1_015;',
  'const MAX = 500;',
  'schedule(4_000, { maxCollections: 500 });',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
  'socket.end(`HTTP/1.1 ${status} OK`);',
  'const { status } = answer;',
  'log.info({ status }, "answered");',
];

describe('literal-status', () => {
  it('finds statuses of HTTP, WebSocket and gRPC in the code', () => {
    assert.deepEqual(complaints([...LITERAL, ...INNOCENT]), LITERAL.toSorted());
  });
});
