import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { openFilesystemObjectStore } from '#object-store/filesystem/open-store.ts';
import { openSqliteRecordStore } from '#record-store/sqlite/open-store.ts';
import { openDatabase } from '#sqlite/open-database.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { openSqliteWorkQueue } from '#work-queue/sqlite/open-queue.ts';

const clock = systemClock;
const deadlineMs = BACKING_DEADLINE_MS;

/** Lets `use` have a gateway on what `folder` holds, and stops it. */
async function withGateway(
  folder: string,
  use: (opened: OpenedCogrpc) => Promise<void>,
): Promise<void> {
  await using database = await openDatabase(join(folder, 'gateway.db'), { deadlineMs });
  const objectsFolder = join(folder, 'objects');
  await using objects = await openFilesystemObjectStore({
    database,
    folder: objectsFolder,
    clock,
    deadlineMs,
  });
  await using records = await openSqliteRecordStore({ database, clock });
  const queue = await openSqliteWorkQueue({ database, clock, log: silentLog });
  await using opened = await openCogrpc({ objects, records, queue });
  await use(opened);
}

describe('a gateway for couriers on the embedded backing', () => {
  it('goes on with a collection after a restart, and refuses the CCA after another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'awala-cogrpc-'));
    try {
      let held = new Set<string>();
      let cca: Buffer = Buffer.of();
      let phone: CargoPhone | null = null;
      const cargoes: Uint8Array[] = [];

      await withGateway(folder, async (opened) => {
        using courier = new Courier(opened.port);
        phone = await CargoPhone.register(opened);
        held = await holdParcels(opened, phone.peer, { count: 12, octets: 120_000 });
        cca = await phone.cca();
        const stream = courier.collect([authorizationOf(cca)]);
        await stream.receivedAtLeast(2);
        for (const { id, cargo } of stream.received.slice(0, 2)) {
          cargoes.push(cargo);
          stream.send({ id });
        }
        stream.call.end();
        assert.notEqual((await stream.ended).code, status.OK);
      });

      await withGateway(folder, async (opened) => {
        using courier = new Courier(opened.port);
        const rest = await courier.collectAll(cca);
        assert.equal(rest.end.code, status.OK, rest.end.details);
        cargoes.push(...rest.cargoes);
        const messages = cargoes.flatMap((cargo) => phone?.open(cargo).messages ?? []);
        assert.equal(messages.length, held.size);
        assert.deepEqual(
          new Set(messages.map((message) => Buffer.from(message).toString('base64'))),
          held,
        );
      });

      await withGateway(folder, async (opened) => {
        using courier = new Courier(opened.port);
        assert.equal((await courier.collectAll(cca)).end.code, status.PERMISSION_DENIED);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
