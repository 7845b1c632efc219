import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '#test/backing/free-ports.ts';
import { until } from '#test/runtime/until.ts';

const ROOT = new URL('../../', import.meta.url);
const CLONE = fileURLToPath(ROOT);
/** The port of the app in the documentation. */
const DOCUMENTED_PORT = '9000';

/** What a reader types, and what is printed then. */
interface Documented {
  readonly command: string;
  readonly printed: readonly string[];
}

/** The blocks of a single command each, in order. */
async function readDocumented(): Promise<readonly Documented[]> {
  const text = await readFile(new URL('docs/apps.md', ROOT), 'utf8');
  const blocks = text.matchAll(/^```\n\$ (?<command>.+)\n(?<printed>(?:(?!```|\$).*\n)*)```$/gm);
  return Array.from(blocks, ({ groups }) => ({
    command: groups?.command ?? '',
    printed: groups?.printed?.split('\n').slice(0, -1) ?? [],
  }));
}

/** A command line in a terminal of its own. */
class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  output = '';
  exitCode: number | null = null;

  constructor(command: string, environment: NodeJS.ProcessEnv) {
    // A process group, as programs that start others leave these behind.
    this.#child = spawn(command, { shell: true, cwd: CLONE, env: environment, detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.exitCode = code;
        resolve();
      });
    });
  }

  get lines(): readonly string[] {
    return this.output.split('\n').slice(0, -1);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-(this.#child.pid ?? 0), 'SIGKILL');
    } catch {
      // All of the group have ended.
    }
    await this.#ended;
  }
}

describe('The samples for developers of apps', () => {
  const opened = new AsyncDisposableStack();
  const ports = { app: '', operations: '', pohttp: '' };
  let environment: NodeJS.ProcessEnv;
  let documented: readonly Documented[];

  const here = (text: string) => text.replaceAll(DOCUMENTED_PORT, ports.app);
  const run = ({ command }: Documented) => opened.use(new Terminal(here(command), environment));

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-samples-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const [app, operations, poweb, pohttp, cogrpc] = await Promise.all(
      Array.from({ length: 5 }, async () => String(await freePort())),
    );
    Object.assign(ports, { app, operations, pohttp });
    environment = {
      ...process.env,
      DATA_DIR: folder,
      APP_PORT: app,
      OPERATIONS_PORT: operations,
      POWEB_PORT: poweb,
      POHTTP_PORT: pohttp,
      COGRPC_PORT: cogrpc,
    };
    documented = await readDocumented();
  });
  after(() => opened[Symbol.asyncDispose]());

  it('print what the documentation says, run as it says', async () => {
    const [gateway, app, phone, ...others] = documented;
    assert.ok(gateway && app && phone);
    assert.equal(others.length, 0);
    const first = run(gateway);
    await until(() => first.hasEnded || isReady(ports.operations), 100);
    const second = run(app);
    await until(() => second.hasEnded || second.lines.length > 0, 50);
    const third = run(phone);
    await until(() => third.hasEnded, 50);
    assert.deepEqual(third.lines, phone.printed.map(here), first.output);
    await until(() => second.hasEnded || second.lines.length >= app.printed.length, 50);
    assert.deepEqual(second.lines, app.printed.map(here));
    assert.match(first.output, /WARN.*DELIVERY_OVERRIDES/);
  });

  it('refuse what is no parcel for good, and what is too large', async () => {
    const post = async (body: Buffer) =>
      (await fetch(`http://127.0.0.1:${ports.app}/`, { method: 'POST', body })).status;
    assert.equal(await post(Buffer.from('no parcel')), 403);
    assert.equal(await post(Buffer.alloc(9_437_185)), 413);
  });

  it('name the libraries in the versions that the gateway is tested with', async () => {
    const read = async (path: string) => JSON.parse(await readFile(new URL(path, ROOT), 'utf8'));
    const { dependencies } = await read('docs/samples/package.json');
    const { devDependencies } = await read('package.json');
    assert.equal(Object.keys(dependencies).length, 3);
    assert.partialDeepStrictEqual(devDependencies, dependencies);
  });
});

async function isReady(port: string): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}
