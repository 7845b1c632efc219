import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { assertEachOnce } from '#test/cogrpc/each-once.ts';
import { Courier } from '#test/peers/courier.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { ProcessorWaits } from '#test/runtime/processor-waits.ts';
import { BOTH_FORMS, type ReachableGateway } from '../support/both-forms.ts';
import { holdParcels, labelsOf } from '../support/held-parcels.ts';

const MEGABYTE = 1_000_000;
/** `CARGO_MEGABYTES=30` for an impatient developer. */
const MEGABYTES = Number(process.env.CARGO_MEGABYTES ?? 300);
/** What the courier's disk takes at most: too slow for one call of three seconds. */
const DISK_OCTETS_PER_MS = 12_000;
const CALL_MS = 3_000;
const OCTETS = MEGABYTE / 10;

for (const form of BOTH_FORMS) {
  const megabytes = Math.min(MEGABYTES, form.mostMegabytes);
  describe(`a mailbox of ${megabytes} MB, in a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let gateway: ReachableGateway;
    let phone: JsPrivateGateway;
    let held: readonly string[];

    before(async () => {
      gateway = await form.start();
      phone = await JsPrivateGateway.of(await JsPhone.register(gateway.listening.poweb));
      held = await holdParcels(gateway, phone.nodeId, {
        count: megabytes * 10,
        octets: OCTETS,
      });
    });

    after(() => gateway[Symbol.asyncDispose]());

    /** Fails unless the cargoes hold what was stored, each parcel once. */
    async function assertAll(luggage: Luggage, lostMs: number): Promise<void> {
      const labels: string[] = [];
      for await (const cargo of luggage.unload()) {
        labels.push(...labelsOf(await phone.open(cargo)));
      }
      assertEachOnce(labels, held, { octets: OCTETS, lostMs });
    }

    it('is collected by the deployed client with one CCA, in calls of three seconds, nothing twice', async () => {
      await using luggage = await Luggage.empty();
      const courier = new JsCourier(gateway.listening.cogrpc);
      const waits = new ProcessorWaits(() => gateway.pids);
      const calls = await courier.collectInCalls(await phone.cca(), async (cargo) => {
        await luggage.load(cargo);
        await pause(cargo.length / DISK_OCTETS_PER_MS);
      });
      const fewest = (megabytes * MEGABYTE) / DISK_OCTETS_PER_MS / CALL_MS;
      const lostMs = waits.totalMs();
      assert.ok(calls >= fewest, `${calls} calls`);
      await assertAll(luggage, lostMs);
    });

    it('is collected in one call by a client without that limit', async () => {
      await using luggage = await Luggage.empty();
      using courier = new Courier(gateway.listening.cogrpc);
      const end = await courier.collectEach(await phone.cca(), (cargo) => luggage.load(cargo));
      assert.equal(end.code, 0, end.details);
      await assertAll(luggage, 0);
    });
  });
}

/** What a courier carries, on its disk: in memory it would be what this test takes most of. */
class Luggage implements AsyncDisposable {
  readonly #folder: string;
  readonly #files: string[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async empty(): Promise<Luggage> {
    return new Luggage(await mkdtemp(join(tmpdir(), 'awala-luggage-')));
  }

  async load(cargo: Uint8Array): Promise<void> {
    const file = join(this.#folder, String(this.#files.length));
    this.#files.push(file);
    await writeFile(file, cargo);
  }

  async *unload(): AsyncGenerator<Buffer, void, undefined> {
    for (const file of this.#files) {
      yield await readFile(file);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
