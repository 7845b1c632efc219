import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { readLayouts } from '#sqlite/migrate.ts';
import { Foundations } from './foundations.ts';
import { LOCAL_LAYOUTS } from './local-layouts.ts';
import { BACKING_VARIABLES, openPorts } from './ports.ts';

describe('The known layouts', () => {
  it('are those of a new data folder', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'awala-layouts-'));
    const parts = { clock: systemClock, log: silentLog, deadlineMs: BACKING_DEADLINE_MS };
    await using foundations = new Foundations(parts);
    await openPorts(readConfiguration({ DATA_DIR: folder.path }, BACKING_VARIABLES), foundations);
    const layouts = await readLayouts(await foundations.databases.in(folder.path));
    assert.deepEqual([...layouts].sort(), [...LOCAL_LAYOUTS].sort());
  });
});
