import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { freePort } from '#test/backing/free-ports.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { Phone } from '#test/peers/phone.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { collectAll, startParcelLoad } from './support/parcel-load.ts';
import { runCommand } from './support/run-command.ts';

const PAGE = new URL('../../docs/backups.md', import.meta.url);

/** The lines of each block of commands in a section of the page. */
async function blocksOf(section: string): Promise<readonly (readonly string[])[]> {
  const text = (await readFile(PAGE, 'utf8')).split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return Array.from(text.matchAll(/^ *```\n([^`]+)```$/gm), ([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  );
}

/** A machine of the story: its gateway listens where phones look for it. */
class Machine implements AsyncDisposable {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #words: (word: string) => string;
  #gateway: GatewayProcess | null = null;

  /** @param words - what stands in the place of the page's examples */
  constructor(
    environment: Readonly<Record<string, string>>,
    words: Readonly<Record<string, string>>,
  ) {
    this.#environment = environment;
    this.#words = (word) => words[word] ?? word;
  }

  /** Types a line of the page. */
  async type(line: string): Promise<void> {
    const words = line.split(' ').map(this.#words);
    const [program, command = '', ...args] = words[0] === 'sudo' ? words.slice(1) : words;
    if (program === 'systemctl') {
      // A socket that is left brings the gateway back; one that is missing leaves it without its ports.
      const [units, act] =
        command === 'enable'
          ? [['--now', 'awala-gateway-https.socket', 'awala-gateway-http.socket'], this.start]
          : [["'awala-gateway-*.socket'"], this.#stop];
      assert.deepEqual(
        [command === 'stop' || command === 'enable', args],
        [true, [...units, 'awala-gateway']],
      );
      await act.call(this);
      return;
    }
    assert.equal(program, 'awala-gateway');
    const { code, text } = await runCommand(command, this.#environment, args);
    assert.equal(code, 0, `${line}\n${text}`);
  }

  async start(): Promise<void> {
    const { DATA_DIR = '', ...environment } = this.#environment;
    this.#gateway = await GatewayProcess.start(DATA_DIR, environment);
  }

  async #stop(): Promise<void> {
    assert.equal(await this.#gateway?.end('SIGTERM'), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
  }
}

describe('docs/backups.md, on moving to another machine', () => {
  it('leads a gateway there, with all parcels, and its phones go on as before', async () => {
    await using place = await dataFolder();
    await using doh = await DohServer.start();
    const identity = await generateX25519Identity();
    const key = join(place.path, 'key.txt');
    await writeFile(key, `${identity}\n`, { mode: 0o600 });
    const words = {
      'age1…': await identityToRecipient(identity),
      'gateway-backup-key.txt': key,
      '/mnt/backups/': join(place.path, 'backups/'),
    };
    const port = await freePort();
    const environment = {
      ...ANY_PORT,
      POWEB_PORT: `${port}`,
      // By which the doctor knows that no gateway runs.
      OPERATIONS_PORT: `${await freePort()}`,
      DOH_URL: doh.url.href,
    };
    const at = (name: string) => ({ ...environment, DATA_DIR: join(place.path, name) });
    await using former = new Machine(at('former'), words);
    await using next = new Machine(at('next'), words);
    await former.start();
    const phone = await Phone.register(port);
    const load = startParcelLoad(port, phone);
    await load.more(40);

    const blocks = await blocksOf('Move to another machine');
    assert.equal(blocks.length, 2);
    for (const [machine, lines] of [
      [former, blocks[0]],
      [next, blocks[1]],
    ] as const) {
      for (const line of lines ?? []) {
        await machine.type(line);
      }
    }

    await load.stop();
    assert.deepEqual(await collectAll(port, phone), load.accepted);
    await phone.deliver();
    assert.equal((await collectAll(port, phone)).size, 1);
  });
});
